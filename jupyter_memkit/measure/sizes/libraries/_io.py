"""In-memory files, whose buffers are read from the memory of the objects.

No method returns the buffer without copying it. Its offset is known for each version of
Python (Modules/_io/bytesio.c and stringio.c), and the value is trusted only if the rest
of the object is as expected.
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

# The fields of an object follow those that all objects have.
_FIRST_PLACE = object.__basicsize__ // WORD_BYTES
_CHARACTER_BYTES = 4
# The size of the smallest buffer.
_LEAST_BYTES = 32
_REALIZED, _ACCUMULATING = 1, 2
# The fields that hold the text of an accumulating object: lists, or a string writer's.
_WRITTEN: dict[tuple[int, int], tuple[tuple[int, type], ...]] = {
    (3, 10): ((5, list), (6, list)),
    (3, 11): ((5, list), (6, list)),
    (3, 12): ((5, str),),
    (3, 13): ((5, str),),
}


@sizer("_io.BytesIO")
def size_bytes_io(file: io.BytesIO) -> Parts:
    """Size a ``BytesIO`` and its buffer."""
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
    # Spare capacity is untouched, and the buffer is not shared.
    return Parts(own_bytes=own_bytes + allocated(sys.getsizeof(b"") + length))


@sizer("_io.StringIO")
def size_string_io(file: io.StringIO) -> Parts:
    """Size a ``StringIO`` and its buffer."""
    own_bytes = allocated(object_bytes(type(file)))
    if io.StringIO.closed.__get__(file):
        return Parts(own_bytes=own_bytes)
    _, position, length, capacity, state = _read_words(file, 5)
    state &= 0xFFFFFFFF
    if position != io.StringIO.tell(file) or not 0 <= capacity < sys.maxsize // 4:
        return Parts(own_bytes=own_bytes, is_whole=False)
    if state == _REALIZED:
        # Spare capacity is untouched.
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
