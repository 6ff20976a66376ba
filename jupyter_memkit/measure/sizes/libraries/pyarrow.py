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


@sizer("pyarrow.lib.Buffer")
def size_buffer(buffer: Any) -> Parts:
    """Size a buffer."""
    return _build(buffer, [buffer])


@sizer("pyarrow.lib.Array")
def size_array(array: Any) -> Parts:
    """Size an array with all that its slice is of."""
    return _build(array, _find_buffers(array))


@sizer("pyarrow.lib.ChunkedArray")
def size_chunked_array(array: Any) -> Parts:
    """Size the chunks of an array."""
    return _build(array, _find_chunks([array]))


@sizer("pyarrow.lib.RecordBatch")
def size_record_batch(batch: Any) -> Parts:
    """Size the columns of a batch."""
    columns = pa.RecordBatch.columns.__get__(batch)
    return _build(batch, (each for column in columns for each in _find_buffers(column)))


@sizer("pyarrow.lib.Table")
def size_table(table: Any) -> Parts:
    """Size the columns of a table."""
    return _build(table, _find_chunks(pa.Table.columns.__get__(table)))


def _find_chunks(columns: Iterable[Any]) -> Iterator[Any]:
    for column in columns:
        for chunk in pa.ChunkedArray.chunks.__get__(column):
            yield from _find_buffers(chunk)


def _find_buffers(array: Any) -> Iterator[Any]:
    yield from filter(None, pa.Array.buffers(array))
    if isinstance(array, pa.DictionaryArray):
        yield from _find_buffers(array.dictionary)


def _build(value: Any, buffers: Iterable[Any]) -> Parts:
    # Without the ``__sizeof__`` of these types, which has the buffers in it.
    own_bytes = allocated(type(value).__basicsize__ + sys.getsizeof(()) - 24)
    return Parts(
        own_bytes=own_bytes,
        buffers=tuple(
            Buffer(
                address=each.address,
                bytes=each.size,
                device=RAM if each.is_cpu else "cuda",
            )
            for each in buffers
        ),
    )
