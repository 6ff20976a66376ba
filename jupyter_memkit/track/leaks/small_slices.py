"""Finds small slices of Arrow, polars and torch data that keep all of it alive.

Like numpy, these libraries slice without copying, but the source of a slice is not a
Python object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from types import NoneType
from typing import Any

from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import derives_from, find_loaded
from jupyter_memkit.measure.sizes.registry import name_type
from jupyter_memkit.measure.slice_copies import PICKLED, TAKEN
from jupyter_memkit.track.leaks.pandas_parts import (
    read_axes,
    read_blocks,
    read_index,
    read_stored,
)
from jupyter_memkit.track.leaks.polars_slices import RestFinder
from jupyter_memkit.track.leaks.small_views import SMALL_VIEW

_CLONED = "{0} = {0}.clone()"
_COPIED = "{0} = {0}.copy()"

# Containers with more elements are not searched.
_MOST_ELEMENTS = 20_000
# A line with more statements would be hard to read.
_MOST_STATEMENTS = 10


@dataclass(frozen=True, slots=True)
class Slice:
    """A variable of a library that slices without copying.

    Attributes
    ----------
    name : str
        The variable.
    shown_bytes : int
        The size of the slice.
    kept_bytes : int or None
        The memory that it keeps alive; None if the library does not report it.
    rest_bytes : int
        An estimate of what follows it in that case, up to the end of the data.
    cure : str
        The line that replaces it with a copy of the slice.
    """

    name: str
    shown_bytes: int
    kept_bytes: int | None
    rest_bytes: int
    cure: str


def find_slices(variables: Mapping[str, Any]) -> Iterator[Slice]:
    """Yield the variables that can be slices, with the memory they show and keep.

    Parameters
    ----------
    variables : mapping of str to object
        Names and values.
    """
    finder = RestFinder(variables.values())
    for name, value in variables.items():
        if contains_identical((dict, list, tuple), type(value)):
            yield from _find_in_container(name, value)
            continue
        found = _read(value)
        if found is None:
            continue
        shown_bytes, kept_bytes, cure = found
        is_rest_unknown = kept_bytes is None and cure is PICKLED
        rest_bytes = finder.find(value) if is_rest_unknown else 0
        if shown_bytes or kept_bytes:
            yield Slice(name, shown_bytes, kept_bytes, rest_bytes, cure.format(name))


def _find_in_container(name: str, value: Any) -> Iterator[Slice]:
    """Yield what the elements of a container show and keep together, if they are few.

    Elements that do not report what they keep, such as those of polars, are left out.
    """
    if len(value) > _MOST_ELEMENTS:
        return
    items = value.items() if type(value) is dict else enumerate(value)
    found = [(key, each) for key, part in items if (each := _read(part)) is not None]
    small = [
        (key, each) for key, each in found if each[0] * SMALL_VIEW < (each[1] or 0)
    ]
    if small:
        shown_bytes = sum(each[0] for _, each in small)
        kept_bytes = sum(each[1] or 0 for _, each in small)
        cure = _write_cure(name, value, [(key, each[2]) for key, each in small])
        if cure is not None:
            yield Slice(name, shown_bytes, kept_bytes, 0, cure)


def _write_cure(name: str, value: Any, small: list[tuple[Any, str]]) -> str | None:
    """Return the line that copies the small slices; None if it would be too long."""
    ways = dict(small) if type(value) is not dict else {}
    way = small[0][1]
    before, _, copied = way.rpartition("{0} = ")
    if len(ways) == len(value) and set(ways.values()) == {way}:
        each = f"{copied.format('each')} for each in {name}"
        made = f"[{each}]" if type(value) is list else f"tuple({each})"
        return f"{before}{name} = {made}"
    is_plain = all(contains_identical((int, str), type(key)) for key, _ in small)
    if not is_plain or len(small) > _MOST_STATEMENTS:
        return None
    line = "; ".join(way.format(f"{name}[{key!r}]") for key, way in small)
    if type(value) is tuple:
        return f"{name} = list({name}); {line}; {name} = tuple({name})"
    return line


def _read(value: Any) -> tuple[int, int | None, str] | None:
    """Return what a value shows and keeps, with its cure; None for other types."""
    for module, kind, read, cure in _READERS:
        if type(value) is find_loaded(module, kind):
            return *read(value), cure
    # Arrow has a class for each type of elements.
    if name_type(type(value)).startswith("pyarrow.lib.") and derives_from(
        type(value), "pyarrow", "Array"
    ):
        return *_read_arrow(value), TAKEN
    if derives_from(type(value), "pandas.arrays", "ArrowExtensionArray"):
        return *_read_chunks(read_stored(value)), PICKLED
    return None


def _read_arrow(value: Any) -> tuple[int, int | None]:
    return value.nbytes, value.get_total_buffer_size()


def _read_polars(value: Any) -> tuple[int, int | None]:
    return value.estimated_size(), None


def _read_tensor(value: Any) -> tuple[int, int | None]:
    if value.device.type != "cpu" or value.layout is not find_loaded(
        "torch", "strided"
    ):
        return 0, 0
    return value.numel() * value.element_size(), value.untyped_storage().nbytes()


def _read_pandas(value: Any) -> tuple[int, int | None]:
    """Add up the columns and the index that Arrow holds."""
    columns = (read_stored(values) for values, _ in read_blocks(value))
    index = read_index(read_axes(value)[-1])
    return _read_chunks(chain(chain.from_iterable(columns), index))


def _read_chunks(arrays: Iterable[Any]) -> tuple[int, int | None]:
    """Add up the Arrow arrays among others."""
    kind = find_loaded("pyarrow", "ChunkedArray")
    both = [_read_arrow(array) for array in arrays if type(array) is kind]
    return sum(shown for shown, _ in both), sum(kept or 0 for _, kept in both)


def _read_array(value: Any) -> tuple[int, int | None]:
    """Read an array in the memory of another library, such as torch."""
    root = value
    while type(root) is type(value):
        root = root.base
    is_known = contains_identical((NoneType, bytes, bytearray, memoryview), type(root))
    return (0, 0) if is_known else (value.nbytes, None)


_READERS: tuple[tuple[str, str, Callable[[Any], tuple[int, int | None]], str], ...] = (
    ("numpy", "ndarray", _read_array, _COPIED),
    ("pandas", "DataFrame", _read_pandas, PICKLED),
    ("pandas", "Series", _read_pandas, PICKLED),
    ("polars", "DataFrame", _read_polars, PICKLED),
    ("polars", "Series", _read_polars, PICKLED),
    ("pyarrow", "ChunkedArray", _read_arrow, TAKEN),
    ("pyarrow", "RecordBatch", _read_arrow, TAKEN),
    ("pyarrow", "Table", _read_arrow, TAKEN),
    ("torch", "Tensor", _read_tensor, _CLONED),
)
