"""Finds and sorts by identity, which runs no code of objects or their metaclasses.

Hashing and comparing a class can run code of its metaclass, so the user's classes are
never keys of a dict or members of a set here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import compress, repeat
from operator import is_, is_not
from typing import Any, TypeVar

_Value = TypeVar("_Value")

# Up to this many types are picked out one by one, by functions written in C.
_PICKED_TYPES = 6


def find_identical(kind: type, by_type: Mapping[type, _Value]) -> _Value | None:
    """Return the value of a mapping for exactly this type; None if there is none."""
    for each, value in by_type.items():
        if each is kind:
            return value
    return None


def contains_identical(kinds: Iterable[type], kind: type) -> bool:
    """Return whether exactly this type is among others."""
    return any(each is kind for each in kinds)


def sort_by_type(objects: list[Any]) -> Iterator[tuple[type, list[Any]]]:
    """Yield the types of objects, each with its objects in their order.

    Examples
    --------
    >>> list(sort_by_type([1, "a", 2]))
    [(<class 'int'>, [1, 2]), (<class 'str'>, ['a'])]
    """
    for _ in range(_PICKED_TYPES):
        if not objects:
            return
        kind = type(objects[0])
        if all(map(is_, map(type, objects), repeat(kind))):
            yield kind, objects
            return
        yield kind, list(compress(objects, map(is_, map(type, objects), repeat(kind))))
        objects = list(compress(objects, map(is_not, map(type, objects), repeat(kind))))
    by_address: dict[int, list[Any]] = {}
    for value in objects:
        by_address.setdefault(id(type(value)), []).append(value)
    for alike in by_address.values():
        yield type(alike[0]), alike
