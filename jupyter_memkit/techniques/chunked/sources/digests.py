"""Digests of data in memory, from samples all over them: in milliseconds, of any size.

A digest is the same in every process. A change outside of the samples does not show,
nor does one within an object of a class that is not known here.
"""

from __future__ import annotations

import array
import hashlib
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from jupyter_memkit.techniques.chunked.columns import list_names
from jupyter_memkit.techniques.chunked.sources.base import spread

# Rows are sampled at this many places; at fewer if they are wide.
_PLACES = 64
_ROWS = 4
_MOST_VALUES = 20_000
_ITEMS = 256

# Runs of elements of an array, so that few pages of a file are read.
_RUNS = 256
_RUN = 16

# Of a value in a row: the ends of a text, some of the items, and how deep.
_MOST_TEXT = 200
_MOST_ITEMS = 16
_MOST_DEPTH = 4

# Their text is the same in every process.
_PLAIN = (bool, int, float, complex, date, time, timedelta, Decimal, range)

# Their items are read without any code of the user's.
_NUMBERED = (list, tuple, range, deque, array.array, str, bytes, bytearray)
_LISTED: tuple[type[Any], ...] = (
    dict,
    set,
    frozenset,
    type({}.keys()),
    type({}.values()),
    type({}.items()),
)
_COLLECTIONS: tuple[type[Any], ...] = (*_NUMBERED, *_LISTED)


def digest_table(data: Any, slicer: Callable[[Any, int, int], Any]) -> str:
    """Return the digest of an array, a tensor or a frame.

    Parameters
    ----------
    data : array, tensor, frame or series
        The data.
    slicer : callable
        Takes the data, a first row and a number of rows, and returns these rows.
    """
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(data, numpy.ndarray):
        return _digest(_sample_array(data))
    most_rows = _MOST_VALUES // max(1, *data.shape[1:], 1)
    rows = min(_ROWS, max(1, most_rows))
    count = min(_PLACES, max(2, most_rows // rows))
    samples = (slicer(data, start, rows) for start in spread(len(data), count))
    return _digest(chain(_list_names(data), *map(_list_values, samples)))


def digest_items(data: Any) -> str | None:
    """Return the digest of a collection; None if it is of a class that is not known."""
    if isinstance(data, _NUMBERED):
        return _digest(_choose(data, _ITEMS))
    if isinstance(data, _LISTED):
        return _digest(islice(data.items() if isinstance(data, dict) else data, _ITEMS))
    return None


def _digest(values: Iterable[Any]) -> str:
    described = repr([_describe(value, 0) for value in values])
    return hashlib.sha256(described.encode("utf-8", "backslashreplace")).hexdigest()


def _sample_array(data: Any) -> Iterator[Any]:
    yield str(data.dtype)
    for start in spread(data.size, _RUNS):
        run = data.flat[start : start + _RUN]
        yield run.tolist() if run.dtype.hasobject else run.tobytes()


def _choose(items: Any, count: int) -> list[Any]:
    """Return items that are spread evenly, at most `count` of them."""
    return [items[number] for number in spread(len(items), count)] if items else []


def _list_names(data: Any) -> list[str]:
    """Return the names of the columns, or of a series."""
    names = list_names(data)
    return list(map(str, [getattr(data, "name", None)] if names is None else names))


def _list_values(rows: Any) -> list[Any]:
    """Return the values of a few rows of a frame, and the index of pandas."""
    if hasattr(rows, "iloc"):
        return [*rows.index.tolist(), *rows.to_numpy(dtype=object).ravel().tolist()]
    if hasattr(rows, "to_pylist"):
        return [value for column in rows.columns for value in column.to_pylist()]
    if hasattr(rows, "rows"):
        return [value for row in rows.rows() for value in row]
    if hasattr(rows, "to_list"):
        return list(rows.to_list())
    return list(rows.flatten().tolist())


def _describe(value: Any, depth: int) -> Any:
    """Return what a value is, as far as its text is the same in every process."""
    kind = type(value).__qualname__
    if isinstance(value, (str, bytes, bytearray)):
        return kind, len(value), value[:_MOST_TEXT], value[-_MOST_TEXT:]
    if isinstance(value, _PLAIN):
        return kind, repr(value)
    if isinstance(value, _COLLECTIONS) and depth < _MOST_DEPTH:
        size = len(value)
        if isinstance(value, _NUMBERED):
            items: Iterable[Any] = _choose(value, _MOST_ITEMS)
        else:
            items = value.items() if isinstance(value, dict) else ()
        inner = [_describe(item, depth + 1) for item in islice(items, _MOST_ITEMS)]
        return kind, size, inner
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        found = numpy.asarray(value)
        return kind, found.shape, _digest(_sample_array(found))
    return kind
