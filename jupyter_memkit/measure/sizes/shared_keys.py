"""Arrays of attributes: their capacity, and the memory they take.

From Python 3.11 on, the attributes of an instance are stored in an array that is as
long as the keys shared by all instances of the class, however many of them this
instance uses (Objects/dictobject.c, `shared_keys_usable_size`).
"""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.measure.sizes.raw_reads import (
    WORD_BYTES,
    read_basicsize,
    read_byte,
    read_word,
)

# `dk_usable` and `dk_nentries` of the keys (Include/internal/pycore_dict.h), in words.
_LENGTH_PLACES = (2, 3)
IN_OBJECT = sys.version_info >= (3, 13)
"""Whether the array of an object is stored inside the object, not beside it."""
MOST_PLACES = 30
"""The most attributes whose keys are shared (`SHARED_KEYS_MAX_SIZE`)."""


# The size of a dict and the field that refers to its values; the byte of the values
# that is 1 inside an object (Include/internal/pycore_dict.h, `PyDictObject` and
# `_dictvalues`).
_KNOWN_DICT_BYTES, _VALUES_PLACE, _EMBEDDED_BYTE = 48, 5, 2


class _Known:
    """A class whose known name reveals the offsets of fields in a class."""


def count_places(kind: type) -> int:
    """Return the capacity of the attribute array of a new instance of a class.

    Parameters
    ----------
    kind : type
        A class whose instances have such an array.

    Returns
    -------
    int
        The number of attributes that its instances have had, and one or more to spare.
    """
    keys = read_word(id(kind), _KEYS_PLACE)
    if not keys:
        return 0
    length = sum(read_word(keys, place) for place in _LENGTH_PLACES)
    return max(0, min(length, MOST_PLACES))


def count_array_bytes(places: int) -> int:
    """Return the bytes that an array of attributes requests, with its header.

    The header has a byte per attribute, and its lengths (Objects/dictobject.c,
    `new_values`).

    Examples
    --------
    >>> count_array_bytes(30) > 30 * WORD_BYTES
    True
    """
    if IN_OBJECT:
        return (places + 1) * WORD_BYTES + ((places + 7) & ~7)
    return places * WORD_BYTES + ((places + 2 + 7) & ~7)


def has_embedded_values(value: dict[Any, Any]) -> bool:
    """Return whether the values of a dict are in the object whose attributes they are.

    Call it only where `HAS_EMBEDDED_VALUES` is true.
    """
    values = read_word(id(value), _VALUES_PLACE)
    return bool(values) and read_byte(values + _EMBEDDED_BYTE) == 1


def _find_embedded_values() -> bool:
    """Return whether arrays are stored in objects, and a dict reveals it."""
    if not IN_OBJECT or dict.__basicsize__ != _KNOWN_DICT_BYTES:
        return False
    known = _Known()
    known.name = ""  # type: ignore[attr-defined]  # its first attribute
    return has_embedded_values(vars(known)) and not has_embedded_values({"name": ""})


def _find_keys_place() -> int:
    """Return which word of a class refers to its keys: the one after its name."""
    name = id(_Known.__qualname__)
    places = range(read_basicsize(type) // WORD_BYTES)
    return max(place for place in places if read_word(id(_Known), place) == name) + 1


_KEYS_PLACE = _find_keys_place()

HAS_EMBEDDED_VALUES = _find_embedded_values()
"""Whether the values of a dict can be stored in an object, as from Python 3.13 on."""
