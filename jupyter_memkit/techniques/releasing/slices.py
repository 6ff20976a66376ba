"""Names the slice of Arrow or polars data that keeps the memory of all of it.

A copy of a small slice releases the rest. That of a large one would need as much memory
again.
"""

from __future__ import annotations

from typing import Any

from jupyter_memkit.measure.holder_buffers import owns_unseen
from jupyter_memkit.measure.holder_search import Way
from jupyter_memkit.measure.sizes.loaded import derives_from, find_loaded
from jupyter_memkit.measure.slice_copies import PICKLED, TAKEN

# The least bytes that are watched are several times more.
_SMALL_BYTES = 256 * 1024

_COPIES = (
    ("pandas", "DataFrame", PICKLED),
    ("pandas", "Series", PICKLED),
    ("polars", "DataFrame", PICKLED),
    ("polars", "Series", PICKLED),
    ("pyarrow", "Array", TAKEN),
    ("pyarrow", "ChunkedArray", TAKEN),
    ("pyarrow", "RecordBatch", TAKEN),
    ("pyarrow", "Table", TAKEN),
)


def find_slice(way: Way) -> int | None:
    """Return the number of the step that is a slice, or its frame; None without one."""
    if not owns_unseen(type(way.steps[-1])):
        return None
    numbers = (n for n, step in enumerate(way.steps) if _find_copy(step) is not None)
    return next(numbers, None)


def find_copy(way: Way) -> str | None:
    """Return the line that copies a small slice, without its place; None for others."""
    number = find_slice(way)
    # A statement cannot replace the item of a tuple, for instance.
    if not number or type(way.steps[number - 1]) not in (dict, list):
        return None
    # The others in a list would still hold the memory.
    if number > 1 and _has_several(way.steps[number - 1]):
        return None
    return _find_copy(way.steps[number]) if _is_small(way.steps[-1]) else None


def _has_several(container: Any) -> bool:
    """Return whether a list or a dict has more than one object that can be a slice."""
    values = container.values() if type(container) is dict else container
    return sum(_find_copy(value) is not None for value in list(values)) > 1


def _find_copy(value: Any) -> str | None:
    for module, name, line in _COPIES:
        if derives_from(type(value), module, name):
            return line
    return None


def _is_small(value: Any) -> bool:
    """Return whether Arrow or polars data shows little."""
    # The methods of the libraries, not those of a subclass.
    for name in ("DataFrame", "Series"):
        if derives_from(type(value), "polars", name):
            n_bytes = find_loaded("polars", name).estimated_size(value)
            return bool(n_bytes <= _SMALL_BYTES)
    for name in ("Array", "ChunkedArray", "RecordBatch", "Table"):
        if derives_from(type(value), "pyarrow", name):
            n_bytes = find_loaded("pyarrow", name).nbytes.__get__(value)
            return bool(n_bytes <= _SMALL_BYTES)
    return False
