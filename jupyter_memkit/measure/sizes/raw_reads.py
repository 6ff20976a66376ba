"""Reads fields of classes and words of memory, without running user code.

Attribute access on a class can run code of its metaclass, so the fields of a class are
read with the descriptors of `type` itself, which a metaclass cannot replace.

Some memory of an object is not visible in any attribute. It is read under these rules,
because a wrong address crashes the process:

- the address is that of an object which the caller holds, or was read from one;
- the offset is proven to be a field in this version of Python or of the library: by an
  object with known fields, by the size of the type, or by another field of the same
  object that is also public;
- an address that was read is followed only where it is proven in this way, and to an
  object only if it has the expected type (`read_object`);
- nothing is written, and the value is copied or referenced before anything else can
  run.
"""

from __future__ import annotations

import ctypes
from typing import Any

WORD_BYTES = ctypes.sizeof(ctypes.c_ssize_t)
"""The bytes of a number or a pointer, the distance between places."""

_TYPE_PLACE = object.__basicsize__ // WORD_BYTES - 1

read_base = type.__dict__["__base__"].__get__
read_basicsize = type.__dict__["__basicsize__"].__get__
read_dict = type.__dict__["__dict__"].__get__
read_dictoffset = type.__dict__["__dictoffset__"].__get__
read_flags = type.__dict__["__flags__"].__get__
read_itemsize = type.__dict__["__itemsize__"].__get__
read_module = type.__dict__["__module__"].__get__
read_mro = type.__dict__["__mro__"].__get__
read_qualname = type.__dict__["__qualname__"].__get__
read_weakrefoffset = type.__dict__["__weakrefoffset__"].__get__


def read_word(address: int, place: int = 0) -> int:
    """Return a word of memory.

    Parameters
    ----------
    address : int
        The address of the object or the structure.
    place : int
        The index of the word, from 0 on; negative before the object.

    Examples
    --------
    >>> numbers = (5, 6)
    >>> read_word(id(numbers), tuple.__basicsize__ // WORD_BYTES) == id(numbers[0])
    True
    """
    return ctypes.c_ssize_t.from_address(address + place * WORD_BYTES).value


def read_byte(address: int) -> int:
    """Return a byte of memory."""
    return ctypes.c_uint8.from_address(address).value


def read_text(address: int) -> bytes:
    """Return the zero-terminated bytes that a word refers to; empty for a null word."""
    return ctypes.c_char_p.from_address(address).value or b""


def read_object(address: int, place: int, kind: type) -> Any:
    """Return the object that a word refers to; None unless it has the expected type.

    Parameters
    ----------
    address, place : int
        The word, as for `read_word`.
    kind : type
        The expected type.

    Examples
    --------
    >>> texts = ("a",)
    >>> read_object(id(texts), tuple.__basicsize__ // WORD_BYTES, str)
    'a'
    >>> read_object(id(texts), tuple.__basicsize__ // WORD_BYTES, bytes)
    """
    found = read_word(address, place)
    if found <= 0 or found % WORD_BYTES or read_word(found, _TYPE_PLACE) != id(kind):
        return None
    return ctypes.cast(found, ctypes.py_object).value
