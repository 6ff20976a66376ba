"""Reads the attributes that are stored in an object, without running its code."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.raw_reads import read_dict, read_mro

_DESCRIPTORS = (types.GetSetDescriptorType, types.MemberDescriptorType)


def read_attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of an object's attributes, slots included.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> next(read_attributes(SimpleNamespace(a=1)))
    ('a', 1)
    """
    yield from _read_stored(owner).items()
    for base in read_mro(type(owner)):
        for name, slot in read_dict(base).items():
            if type(slot) is types.MemberDescriptorType:
                try:
                    yield name, slot.__get__(owner)
                except AttributeError:
                    continue


def _read_stored(owner: Any) -> dict[str, Any]:
    """Return a copy of the dict of an object; empty if it has none.

    A class can have a property of that name, which is the user's code; the dict of such
    an object is found where a base describes it.
    """
    for base in read_mro(type(owner)):
        described = read_dict(base).get("__dict__")
        if contains_identical(_DESCRIPTORS, type(described)):
            stored = described.__get__(owner)
            if type(stored) is types.MappingProxyType:
                return dict(stored)
            # Not the methods of a subclass that was assigned to it.
            return dict(dict.items(stored))
    return {}
