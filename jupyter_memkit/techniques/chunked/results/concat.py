"""Concatenates the values of all chunks, once, at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

from jupyter_memkit.techniques.chunked.columns import has_columns
from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.results.categories import share_categories


def begin_concat(value: Any) -> list[Any]:
    """Return a value as a list of one part, if values of its type can be joined."""
    _find_join(value)
    return [value]


def join_concat(parts: list[Any], more: list[Any]) -> list[Any]:
    """Append more parts to a list of parts."""
    if not _fits(parts[0], more[0]):
        message = (
            f"concat cannot join {_describe(more[0])} to {_describe(parts[0])};"
            " give the value of every chunk the same type and shape, or use append"
        )
        raise ReduceError(message)
    parts.extend(more)
    return parts


def finish_concat(parts: list[Any]) -> Any:
    """Return the concatenated parts."""
    try:
        return _find_join(parts[0])(parts)
    except MemoryError:
        raise
    except Exception as error:
        # Libraries raise many errors for values that they cannot join, and some of them
        # add lines about their own code.
        why = str(error).partition("\n")[0]
        message = (
            f"concat cannot join the values of the chunks, the first of which is "
            f"{_describe(parts[0])} ({why}); give the value of every chunk the same "
            "columns and types, or use append"
        )
        raise ReduceError(message) from error


def _find_join(value: Any) -> Callable[[list[Any]], Any]:
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray) and value.ndim:
        concatenate: Callable[[list[Any]], Any] = numpy.concatenate
        return concatenate
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas and isinstance(value, (pandas.DataFrame, pandas.Series)):
        return _join_pandas
    if polars and isinstance(value, (polars.DataFrame, polars.Series)):
        concat: Callable[[list[Any]], Any] = polars.concat
        return concat
    arrow = sys.modules.get("pyarrow")
    if arrow is not None and isinstance(value, arrow.Table):
        # A column without any value has no type.
        return partial(arrow.concat_tables, promote_options="default")
    if arrow is not None and isinstance(value, arrow.ChunkedArray):
        return _join_arrays
    if isinstance(value, (list, tuple)):
        return _chain
    message = (
        "concat joins frames, tables, series, arrays and lists, "
        f"not {type(value).__name__}; use append to collect the values in a list"
    )
    raise ReduceError(message)


def _join_pandas(parts: list[Any]) -> Any:
    # A new index numbers the rows of each chunk from 0, those of the whole throughout.
    are_numbered = all(map(_are_numbered, parts))
    pandas = sys.modules["pandas"]
    return pandas.concat(share_categories(parts), ignore_index=are_numbered)


def _are_numbered(part: Any) -> bool:
    """Return whether an index only numbers the rows of its part, from 0."""
    index = part.index
    is_range = type(index) is sys.modules["pandas"].RangeIndex
    return is_range and index.name is None and (index.start, index.step) == (0, 1)


def _join_arrays(parts: list[Any]) -> Any:
    """Join chunked arrays of pyarrow."""
    chunks = [chunk for part in parts for chunk in part.chunks]
    return sys.modules["pyarrow"].chunked_array(chunks, parts[0].type)


def _chain(parts: list[Any]) -> list[Any]:
    return list(chain.from_iterable(parts))


def _fits(first: Any, value: Any) -> bool:
    # The columns of frames may differ, as pandas allows; the axes of arrays may not.
    same_axes = has_columns(value) or (
        getattr(first, "shape", ())[1:] == getattr(value, "shape", ())[1:]
    )
    return type(first) is type(value) and same_axes


def _describe(value: Any) -> str:
    shape = getattr(value, "shape", None)
    name = type(value).__name__
    return f"{name} of shape {shape}" if shape is not None else name
