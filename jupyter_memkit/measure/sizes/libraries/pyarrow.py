"""Arrays and tables: their buffers, which slices and copies share."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import RAM, Buffer, Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent

# A type may have names for its fields.
transparent("pyarrow.lib.DataType", "pyarrow.lib.Field", at_most=4096)
transparent("pyarrow.lib.MemoryPool", "pyarrow.lib.ProxyMemoryPool")

# An upper bound of the C++ objects that describe an array, or a column with its name
# and type.
_DESCRIPTION_BYTES = 1024


@sizer("pyarrow.lib.Buffer")
def size_buffer(buffer: Any) -> Parts:
    """Size a buffer."""
    return _build(buffer, [buffer], described=1)


@sizer("pyarrow.lib.Array")
def size_array(array: Any) -> Parts:
    """Size an array with the whole buffers that a slice keeps alive."""
    return _build(array, _find_buffers(array), described=1)


@sizer("pyarrow.lib.ChunkedArray")
def size_chunked_array(array: Any) -> Parts:
    """Size the chunks of an array."""
    return _build_columns(array, [array])


@sizer("pyarrow.lib.RecordBatch")
def size_record_batch(batch: Any) -> Parts:
    """Size the columns of a batch."""
    columns = pa.RecordBatch.columns.__get__(batch)
    buffers = (each for column in columns for each in _find_buffers(column))
    return _build(batch, buffers, described=2 * len(columns))


@sizer("pyarrow.lib.Table")
def size_table(table: Any) -> Parts:
    """Size the columns of a table."""
    return _build_columns(table, pa.Table.columns.__get__(table))


def _build_columns(value: Any, columns: list[Any]) -> Parts:
    chunks = [
        chunk for column in columns for chunk in pa.ChunkedArray.chunks.__get__(column)
    ]
    buffers = (each for chunk in chunks for each in _find_buffers(chunk))
    return _build(value, buffers, described=len(columns) + len(chunks))


def _find_buffers(array: Any) -> Iterator[Any]:
    yield from filter(None, pa.Array.buffers(array))
    if isinstance(array, pa.DictionaryArray):
        yield from _find_buffers(array.dictionary)


def _find_whole(buffer: Any) -> Any:
    """Return the whole buffer that a slice keeps alive."""
    while buffer.parent is not None:
        buffer = buffer.parent
    return buffer


def _build(value: Any, buffers: Iterable[Any], described: int = 0) -> Parts:
    # Not the ``__sizeof__`` of these types, which includes the buffers.
    own_bytes = allocated(type(value).__basicsize__ + sys.getsizeof(()) - 24)
    return Parts(
        own_bytes=own_bytes,
        buffers=tuple(
            Buffer(
                address=each.address,
                bytes=each.size,
                device=RAM if each.is_cpu else "cuda",
            )
            for each in map(_find_whole, buffers)
        ),
        hidden_bytes=described * _DESCRIPTION_BYTES,
    )
