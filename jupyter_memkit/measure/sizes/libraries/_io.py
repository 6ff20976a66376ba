"""Files in memory, whose buffers are read from the objects themselves.

No method returns the buffer without a copy of it. Where it lies is known for each
version of Python (Modules/_io/bytesio.c and stringio.c), and what is found there is
believed only when the rest of the object is as expected.
"""

from __future__ import annotations

import io
import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated, object_bytes
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.raw_reads import (
    WORD_BYTES,
    read_object,
    read_word,
)
from jupyter_memkit.measure.sizes.registry import sizer

# The fields of an object begin behind those that each has.
_FIRST_PLACE = object.__basicsize__ // WORD_BYTES
_CHARACTER_BYTES = 4
# What the smallest buffer takes.
_LEAST_BYTES = 32
_REALIZED, _ACCUMULATING = 1, 2
# Where an object that accumulates has what was written: in lists, or in a string.
_WRITTEN: dict[tuple[int, int], tuple[tuple[int, type], ...]] = {
    (3, 10): ((5, list), (6, list)),
    (3, 11): ((5, list), (6, list)),
    (3, 12): ((5, str),),
    (3, 13): ((5, str),),
}


@sizer("_io.BytesIO")
def size_bytes_io(file: io.BytesIO) -> Parts:
    """Size bytes that are written to, or read."""
    own_bytes = allocated(object_bytes(type(file)))
    if io.BytesIO.closed.__get__(file):
        return Parts(own_bytes=own_bytes)
    _, position, length = _read_words(file, 3)
    if position != io.BytesIO.tell(file):
        return Parts(own_bytes=own_bytes, is_whole=False)
    buffer = read_object(id(file), _FIRST_PLACE, bytes)
    if buffer is None or length > len(buffer):
        return Parts(own_bytes=own_bytes, is_whole=False)
    if length == len(buffer):
        return Parts(own_bytes=own_bytes, children=(buffer,))
    # The room to grow into was not touched, and nobody else has such a buffer.
    return Parts(own_bytes=own_bytes + allocated(sys.getsizeof(b"") + length))


@sizer("_io.StringIO")
def size_string_io(file: io.StringIO) -> Parts:
    """Size text that is written to, or read."""
    own_bytes = allocated(object_bytes(type(file)))
    if io.StringIO.closed.__get__(file):
        return Parts(own_bytes=own_bytes)
    _, position, length, capacity, state = _read_words(file, 5)
    state &= 0xFFFFFFFF
    if position != io.StringIO.tell(file) or not 0 <= capacity < sys.maxsize // 4:
        return Parts(own_bytes=own_bytes, is_whole=False)
    if state == _REALIZED:
        # The room to grow into was not touched.
        own_bytes += allocated(length * _CHARACTER_BYTES)
        return Parts(own_bytes=own_bytes, is_whole=length <= capacity)
    own_bytes += allocated(capacity * _CHARACTER_BYTES)
    places = _WRITTEN.get(sys.version_info[:2])
    if state != _ACCUMULATING or places is None:
        return Parts(own_bytes=own_bytes, is_whole=False)
    children = [
        read_object(id(file), _FIRST_PLACE + place, kind) for place, kind in places
    ]
    return Parts(
        own_bytes=own_bytes,
        children=tuple(each for each in children if each is not None),
        hidden_bytes=_LEAST_BYTES,
        is_whole=length == 0 or any(each is not None for each in children),
    )


def _read_words(file: Any, count: int) -> list[int]:
    return [read_word(id(file), _FIRST_PLACE + place) for place in range(count)]
