"""Reads the addresses of a column's data from Arrow's C interface, without copying.

The structures are defined in https://arrow.apache.org/docs/format/CDataInterface.html
and CStreamInterface.html. polars exposes its addresses in no other way, and this one
does not need pyarrow.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.measure.sizes.parts import Buffer


class _Schema(ctypes.Structure):
    pass


class _Array(ctypes.Structure):
    pass


class _Stream(ctypes.Structure):
    pass


_SchemaRelease = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))
_ArrayRelease = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))

_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.POINTER(_Schema)),
    ("release", _SchemaRelease),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.POINTER(_Array)),
    ("release", _ArrayRelease),
    ("private_data", ctypes.c_void_p),
]
_Stream._fields_ = [
    (
        "get_schema",
        ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Schema)
        ),
    ),
    (
        "get_next",
        ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array)),
    ),
    ("get_last_error", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

# Bits per value, by the prefix of the format; the longest matching prefix applies.
_BITS = {
    **dict.fromkeys((b"b",), 1),
    **dict.fromkeys((b"c", b"C"), 8),
    **dict.fromkeys((b"s", b"S", b"e"), 16),
    **dict.fromkeys((b"i", b"I", b"f", b"tdD", b"tts", b"ttm", b"tiM"), 32),
    **dict.fromkeys(
        (b"l", b"L", b"g", b"tdm", b"ttu", b"ttn", b"ts", b"tD", b"tiD"), 64
    ),
    **dict.fromkeys((b"d", b"tin"), 128),
}
_VIEW_BYTES = 16
_OFFSET_BYTES = {b"u": 4, b"z": 4, b"U": 8, b"Z": 8, b"+l": 4, b"+m": 4, b"+L": 8}

_take_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_take_pointer.restype = ctypes.c_void_p
_take_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


def find_buffers(capsule: Any) -> list[Buffer]:
    """Return the buffers of a column.

    Parameters
    ----------
    capsule : PyCapsule
        The result of the column's ``__arrow_c_stream__``.

    Raises
    ------
    ValueError
        When the format is not known, or the stream fails.
    """
    address = _take_pointer(capsule, b"arrow_array_stream")
    stream = _Stream.from_address(address)
    schema = _Schema()
    if stream.get_schema(stream, schema):
        message = "the stream has no schema"
        raise ValueError(message)
    found: list[Buffer] = []
    try:
        while True:
            array = _Array()
            if stream.get_next(stream, array):
                message = "the stream ended early"
                raise ValueError(message)
            if not array.release:
                return found
            try:
                found += _read(schema, array)
            finally:
                array.release(array)
    finally:
        if schema.release:
            schema.release(schema)


def _read(schema: _Schema, array: _Array) -> Iterator[Buffer]:
    count = array.length + array.offset
    addresses = [array.buffers[number] for number in range(array.n_buffers)]
    lengths = list(_measure(schema.format, array, count, addresses))
    for address, length in zip(addresses, lengths, strict=True):
        if address and length:
            yield Buffer(address=address, bytes=length)
    for number in range(array.n_children):
        yield from _read(schema.children[number][0], array.children[number][0])
    if array.dictionary:
        yield from _read(schema.dictionary[0], array.dictionary[0])


def _measure(
    form: bytes, array: _Array, count: int, addresses: list[int | None]
) -> Iterator[int]:
    """Yield the lengths of an array's buffers, in order."""
    if not addresses:
        return
    if not form.startswith(b"+u"):
        yield math.ceil(count / 8)
    if form in (b"vu", b"vz"):
        yield count * _VIEW_BYTES
        n_variadic = array.n_buffers - 3
        sizes = ctypes.cast(addresses[-1] or 0, ctypes.POINTER(ctypes.c_int64))
        yield from (sizes[number] for number in range(n_variadic))
        yield n_variadic * 8
    elif form in _OFFSET_BYTES:
        width = _OFFSET_BYTES[form]
        yield (count + 1) * width
        if array.n_buffers == 3:
            kind = ctypes.c_int32 if width == 4 else ctypes.c_int64
            offsets = ctypes.cast(addresses[1] or 0, ctypes.POINTER(kind))
            yield offsets[count] if count else 0
    elif form.startswith((b"w:", b"+w:")):
        if array.n_buffers == 2:
            yield count * int(form.rpartition(b":")[2])
    elif array.n_buffers == 2:
        yield math.ceil(count * _find_bits(form) / 8)
    elif array.n_buffers != 1:
        message = f"the format {form!r} is not known"
        raise ValueError(message)


def _find_bits(form: bytes) -> int:
    if form.startswith(b"d:") and form.count(b",") == 2:
        return int(form.rpartition(b",")[2])
    for length in (3, 2, 1):
        if form[:length] in _BITS:
            return _BITS[form[:length]]
    message = f"the format {form!r} is not known"
    raise ValueError(message)
