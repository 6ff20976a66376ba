"""How many attributes an object has room for, where they lie in an array.

From Python 3.11 on the attributes of an instance are an array that is as long as the
keys which all instances of the class share, whatever this one has of them
(Objects/dictobject.c, `shared_keys_usable_size`).
"""

from __future__ import annotations

import ctypes

_WORD_BYTES = ctypes.sizeof(ctypes.c_ssize_t)
# `dk_usable` and `dk_nentries` of the keys (Include/internal/pycore_dict.h), in words.
_LENGTH_PLACES = (2, 3)
# `SHARED_KEYS_MAX_SIZE`.
_MOST_PLACES = 30

_read_basicsize = type.__dict__["__basicsize__"].__get__


class _Known:
    """A class whose name shows where the fields of a class lie."""


def count_places(kind: type) -> int:
    """Return how many attributes the array of a new instance of a class holds.

    Parameters
    ----------
    kind : type
        A class whose instances have such an array.

    Returns
    -------
    int
        The attributes that any of its instances has had, and one or more to spare.
    """
    keys = _read_word(id(kind), _KEYS_PLACE)
    if not keys:
        return 0
    length = sum(_read_word(keys, place) for place in _LENGTH_PLACES)
    return max(0, min(length, _MOST_PLACES))


def _read_word(address: int, place: int) -> int:
    return ctypes.c_ssize_t.from_address(address + place * _WORD_BYTES).value


def _find_keys_place() -> int:
    """Return which word of a class refers to the shared keys: that after its name."""
    name = id(_Known.__qualname__)
    places = range(_read_basicsize(type) // _WORD_BYTES)
    return max(place for place in places if _read_word(id(_Known), place) == name) + 1


_KEYS_PLACE = _find_keys_place()
