"""Finds and sorts by identity, which asks neither objects nor their metaclasses.

The hash of a class and its comparison are code of its metaclass, so a class of the
user's is no key of a dict here and no member of a set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import compress, repeat
from operator import is_, is_not
from typing import Any, TypeVar

_Value = TypeVar("_Value")

# Up to so many types are picked out one by one, which C does.
_PICKED_TYPES = 6


def find_identical(kind: type, by_type: Mapping[type, _Value]) -> _Value | None:
    """Return what a mapping has for this very type; None when it has nothing."""
    for each, value in by_type.items():
        if each is kind:
            return value
    return None


def contains_identical(kinds: Iterable[type], kind: type) -> bool:
    """Tell whether this very type is among others."""
    return any(each is kind for each in kinds)


def sort_by_type(objects: list[Any]) -> Iterator[tuple[type, list[Any]]]:
    """Yield the types of objects, and the objects of each in their order.

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
