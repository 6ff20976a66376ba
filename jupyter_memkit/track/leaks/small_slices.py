"""Finds small slices of Arrow, polars and torch data that keep all of it alive.

Like numpy, these libraries slice without copying, but the source of a slice is not a
Python object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.track.leaks.polars_slices import RestFinder

# Their `copy` or `clone` shares the memory; a pickle only contains the slice.
_PICKLED = "import pickle; {0} = pickle.loads(pickle.dumps({0}))"
_TAKEN = "{0} = {0}.take(list(range(len({0}))))"
_CLONED = "{0} = {0}.clone()"


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
        for module, kind, read, cure in _READERS:
            if type(value) is not find_loaded(module, kind):
                continue
            shown_bytes, kept_bytes = read(value)
            rest_bytes = finder.find(value) if kept_bytes is None else 0
            if shown_bytes or kept_bytes:
                line = cure.format(name)
                yield Slice(name, shown_bytes, kept_bytes, rest_bytes, line)


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


def _read_series(value: Any) -> tuple[int, int | None]:
    return _read_columns([value])


def _read_frame(value: Any) -> tuple[int, int | None]:
    return _read_columns([column for _, column in value.items()])


def _read_columns(columns: list[Any]) -> tuple[int, int | None]:
    """Add up the pandas columns that Arrow holds."""
    arrays = [getattr(column.array, "_pa_array", None) for column in columns]
    both = [_read_arrow(array) for array in arrays if array is not None]
    return sum(shown for shown, _ in both), sum(kept or 0 for _, kept in both)


_READERS: tuple[tuple[str, str, Callable[[Any], tuple[int, int | None]], str], ...] = (
    ("pandas", "DataFrame", _read_frame, _PICKLED),
    ("pandas", "Series", _read_series, _PICKLED),
    ("polars", "DataFrame", _read_polars, _PICKLED),
    ("polars", "Series", _read_polars, _PICKLED),
    ("pyarrow", "ChunkedArray", _read_arrow, _TAKEN),
    ("pyarrow", "RecordBatch", _read_arrow, _TAKEN),
    ("pyarrow", "Table", _read_arrow, _TAKEN),
    ("torch", "Tensor", _read_tensor, _CLONED),
)
