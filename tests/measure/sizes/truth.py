"""Compares sizes with the growth of a process, each case in a new process.

Each case makes an object, first a small one to load all code and then a large one, and
reports the growth of resident memory.
"""

from __future__ import annotations

import ctypes
import gc
import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.measure.sizes import sizeof
from tests.untraced import untraced_environment

MIB = 1024 * 1024

RANDOM = np.random.default_rng(0)

# polars and pyarrow return freed memory to the system at once.
ENVIRONMENT = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0",
}


class Point:
    """An object with attributes."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.half = number / 2


class Slotted:
    """An object with slots."""

    __slots__ = ("half", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.half = number / 2


def make_floats(n: int) -> Any:
    """Make a list of floats."""
    return [number + 0.5 for number in range(n // 40)]


def make_rows(n: int) -> Any:
    """Make dicts of mixed objects."""
    return [{"a": i, "b": [i, i + 1.5], "c": str(i) * 3} for i in range(n // 420)]


def make_points(n: int) -> Any:
    """Make objects with attributes."""
    return [Point(number) for number in range(1000, 1000 + n // 168)]


def make_opened_points(n: int) -> Any:
    """Make objects whose ``__dict__`` was accessed."""
    points = make_points(n)
    for point in points:
        vars(point)
    return points


def make_slotted(n: int) -> Any:
    """Make objects with slots."""
    return [Slotted(number) for number in range(1000, 1000 + n // 120)]


def make_sets(n: int) -> Any:
    """Make small sets."""
    return [{number, str(number)} for number in range(n // 330)]


def make_byte_arrays(n: int) -> Any:
    """Make byte arrays."""
    return [bytearray(b"x" * 100) for _ in range(n // 184)]


def make_deque(n: int) -> Any:
    """Make a deque."""
    return deque(number + 0.5 for number in range(n // 40))


def make_generator(n: int) -> Any:
    """Make a generator that holds a list."""

    def generate() -> Generator[int]:
        floats = make_floats(n)
        yield 0
        yield len(floats)

    generator = generate()
    next(generator)
    return generator


def make_closure(n: int) -> Any:
    """Make a function that holds a list."""
    floats = make_floats(n)
    return lambda: floats


def make_views(n: int) -> Any:
    """Make an array and two views of it."""
    array = np.ones(n // 8)
    return [array, array[1:], array.reshape(2, -1)]


def make_slices(n: int) -> Any:
    """Make a hundred views of an array that has no name."""
    base = np.ones((100, n // 800))
    return [base[row] for row in range(100)]


def make_object_array(n: int) -> Any:
    """Make an array of Python's objects."""
    return np.array([number + 0.5 for number in range(n // 40)], dtype=object)


def make_frame(n: int) -> Any:
    """Make a frame of two columns of floats."""
    import pandas as pd

    return pd.DataFrame({"a": RANDOM.random(n // 16), "b": RANDOM.random(n // 16)})


def make_object_column(n: int) -> Any:
    """Make a frame with a column of Python's strings."""
    import pandas as pd

    # Twice as much: small strings use what pandas has left free.
    words = [f"word {number}" for number in range(n // 36)]
    return pd.DataFrame({"words": pd.Series(words, dtype=object)})


def make_categorical(n: int) -> Any:
    """Make a column of categories."""
    import pandas as pd

    codes: Any = RANDOM.integers(0, 100, n).astype("int8")
    return pd.Series(
        pd.Categorical.from_codes(codes, pd.Index([f"c{i}" for i in range(100)]))
    )


def make_arrow_strings(n: int) -> Any:
    """Make a column of strings in Arrow's form."""
    import pandas as pd
    import pyarrow as pa

    numbers = pa.array(RANDOM.integers(10**8, 10**9, n // 17))
    return pd.Series(pd.array(numbers.cast(pa.large_string()), "string[pyarrow]"))


def make_sparse_matrix(n: int) -> Any:
    """Make a sparse matrix."""
    import scipy.sparse

    rows, filled = 1000, n // 12 // 1000
    columns = RANDOM.integers(0, 100_000, rows * filled, np.int32)
    starts = np.arange(rows + 1, dtype=np.int32) * filled
    values = RANDOM.random(rows * filled)
    return scipy.sparse.csr_matrix((values, columns, starts), (rows, 100_000))


def make_searched_index(n: int) -> Any:
    """Make an index that was searched, so that it has a hash table."""
    import pandas as pd

    index = pd.Index(RANDOM.permutation(n // 30))
    index.get_loc(5)
    return index


def make_polars_frame(n: int) -> Any:
    """Make a frame of polars."""
    import polars as pl

    return pl.DataFrame({"a": RANDOM.random(n // 8)})


def make_polars_strings(n: int) -> Any:
    """Make a frame of polars with strings."""
    import polars as pl

    numbers = pl.int_range(10**15, 10**15 + n // 32, eager=True)
    return pl.DataFrame({"a": numbers.cast(pl.String)})


def make_arrow_table(n: int) -> Any:
    """Make a table of pyarrow."""
    import pyarrow as pa

    return pa.table({"a": pa.array(RANDOM.random(n // 8))}).slice(n // 16)


def make_image(n: int) -> Any:
    """Make an image."""
    from PIL import Image

    return Image.new("RGB", (round((n / 4) ** 0.5),) * 2, (1, 2, 3))


def make_forest(n: int) -> Any:
    """Make a model of trees."""
    from sklearn.ensemble import ExtraTreesRegressor

    rows = RANDOM.random((n // 1600, 5))
    return ExtraTreesRegressor(20, n_jobs=1).fit(rows, RANDOM.random(len(rows)))


def make_dataset(n: int) -> Any:
    """Make a dataset of xarray."""
    import xarray as xr

    return xr.Dataset({"a": ("t", RANDOM.random(n // 8))})


def make_shared_memory(n: int) -> Any:
    """Make memory that is mapped from no file."""
    import mmap

    mapped = mmap.mmap(-1, n)
    mapped.write(b"x" * n)
    return mapped


def make_c_array(n: int) -> Any:
    """Make an array of ctypes."""
    array = (ctypes.c_double * (n // 8))()
    ctypes.memset(array, 1, ctypes.sizeof(array))
    return array


def make_memmap(n: int) -> Any:
    """Make an array on disk."""
    import tempfile

    with tempfile.TemporaryFile() as file:
        file.truncate(n)
        return np.memmap(file, mode="r")


def make_tensors(n: int) -> Any:
    """Make a tensor and a view of it."""
    import torch

    tensor = torch.rand(n // 4)
    return [tensor, tensor[1:10].view(-1, 3)]


CASES: dict[str, Callable[[int], Any]] = {
    name.removeprefix("make_"): function
    for name, function in list(globals().items())
    if name.startswith("make_")
}


def settle() -> int:
    """Return the resident memory after all free memory was returned."""
    gc.collect()
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    time.sleep(0.2)
    ctypes.CDLL(None).malloc_trim(0)
    return read_rss_bytes()


def measure(name: str) -> dict[str, Any]:
    """Return the growth of the process, and the reported sizes."""
    make = CASES[name]
    # The first object loads code. It is small, so that it leaves little free memory.
    for _ in range(2):
        sizeof(make(MIB // 8))
    before_bytes = settle()
    value = make(76 * MIB)
    grown_bytes = settle() - before_bytes
    exact = sizeof(value)
    estimate = sizeof(value, exact=False)
    return {
        "grown": grown_bytes,
        "exact": exact.bytes,
        "is_exact": exact.exact,
        "estimate": estimate.bytes,
        "elsewhere": dict(exact.elsewhere),
    }


def run(name: str) -> dict[str, Any]:
    """Measure a case in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.measure.sizes.truth", name],
        check=True,
        capture_output=True,
        env=untraced_environment() | ENVIRONMENT,
        text=True,
    )
    figures: dict[str, Any] = json.loads(result.stdout)
    return figures


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
