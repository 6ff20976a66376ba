"""Reads the referents of objects from Python's own records."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from jupyter_memkit.measure.sizes.addresses import BATCH
from jupyter_memkit.measure.sizes.allocation import (
    allocated,
    has_managed_dict,
)
from jupyter_memkit.measure.sizes.elements import (
    count_elements,
    read_array_batches,
    read_batches,
)
from jupyter_memkit.measure.sizes.kinds import Kind
from jupyter_memkit.measure.sizes.raw_reads import (
    read_basicsize,
    read_byte,
    read_object,
    read_word,
)
from jupyter_memkit.measure.sizes.shared_keys import (
    IN_OBJECT,
    count_array_bytes,
    count_places,
)

_ASKED_TOGETHER = 4096
# Longer containers are read in batches, to avoid a list of all their elements.
_ASKED_ELEMENTS = BATCH // 2


# Until the ``__dict__`` of an instance is accessed, its attributes are in an array that
# `sys.getsizeof` does not count: beside the object, and from Python 3.13 on inside it,
# where they stay even when there is a ``__dict__``. A build without the GIL has other
# fields before its objects.
_HAS_ARRAYS = sys.version_info >= (3, 11) and "t" not in getattr(sys, "abiflags", "")
# The word that refers to that ``__dict__`` (Include/internal/pycore_object.h).
_DICT_PLACE = -3
# Objects of one type were mostly created in the same way.
_CHECKED = 64


@dataclass(slots=True)
class Group:
    """Objects of one kind that are added up, and whose referents are yet to be visited.

    Attributes
    ----------
    kind : Kind
        The properties of their type.
    objects : list
        The objects.
    weight : float
        The number of objects that each of them represents.
    fold : int
        The fold of the sample that they belong to; 0 for no sample.
    before : int
        The number of the variable that also holds them; one more than the number of
        variables for several of them; 0 for none.
    children : list
        Further objects that they keep alive, as reported by their sizer.
    elements : list
        Sequences of many such objects, which can be sliced.
    """

    kind: Kind
    objects: list[Any]
    weight: float
    fold: int
    before: int = 0
    children: list[Any] = field(default_factory=list)
    elements: list[Any] = field(default_factory=list)


AddOwn = Callable[[int, Group], None]


def read_all(group: Group, add_own: AddOwn) -> Iterator[list[Any]]:
    """Yield all referents of a group of objects, a few thousand at a time.

    Parameters
    ----------
    group : Group
        The objects.
    add_own : callable
        Called with the additional bytes that the objects themselves turn out to take.
    """
    yield from _slice(group.children)
    for elements in group.elements:
        yield from read_array_batches(elements)
    if not group.kind.has_referents:
        return
    short = group.objects
    container = group.kind.container
    if container is not None:
        short = []
        for value in group.objects:
            if count_elements(container, value) > _ASKED_ELEMENTS:
                yield from read_batches(container, value)
            else:
                short.append(value)
    for start in range(0, len(short), _ASKED_TOGETHER):
        yield from _slice(ask(short[start : start + _ASKED_TOGETHER], group, add_own))


def ask(objects: list[Any], group: Group, add_own: AddOwn) -> list[Any]:
    """Return all referents of objects of a group."""
    referents = _ask_collector(objects, group, add_own)
    if group.kind.read_unvisited is not None:
        referents += group.kind.read_unvisited(objects)
    return referents


def _ask_collector(objects: list[Any], group: Group, add_own: AddOwn) -> list[Any]:
    """Return the referents that the collector visits."""
    way_out = group.kind.way_out
    if way_out is not None:
        return [
            referent
            for value in objects
            for referent in gc.get_referents(value)
            if referent is not getattr(value, way_out)
        ]
    referents = gc.get_referents(*objects)
    if _HAS_ARRAYS and group.kind.has_managed_dict:
        add_own(_count_arrays(objects, referents, group.kind), group)
        if IN_OBJECT:
            referents += _find_dicts(objects)
    return referents


def _count_arrays(objects: list[Any], referents: list[Any], kind: Kind) -> int:
    """Return the bytes of the arrays of attributes."""
    if not any(map(_has_array, islice(objects, _CHECKED))):
        return 0
    places = count_places(type(objects[0]))
    n_arrays = len(objects)
    if not IN_OBJECT and _has_taken_dict(referents, places):
        n_arrays = sum(map(_has_array, objects))
    array_bytes = count_array_bytes(places)
    if not IN_OBJECT:
        return n_arrays * allocated(array_bytes)
    own_bytes = kind.sizeof(objects[0])
    array_bytes = allocated(own_bytes + array_bytes) - allocated(own_bytes)
    return n_arrays * array_bytes


def _find_dicts(objects: list[Any]) -> list[Any]:
    """Return the dicts that are backed by the array in their object.

    The collector visits the contents of the array, but not the dict.
    """
    if not any(map(_has_dict_of_array, islice(objects, _CHECKED))):
        return []
    return [
        read_object(id(value), _DICT_PLACE, dict)
        for value in objects
        if _has_dict_of_array(value)
    ]


def _has_taken_dict(referents: list[Any], places: int) -> bool:
    """Return whether a dict has taken over the array of an object, judging by size."""
    n_bytes = {}.__sizeof__() + places * tuple.__itemsize__
    return any(
        type(value) is dict and dict.__sizeof__(value) == n_bytes for value in referents
    )


def _has_array(value: Any) -> bool:
    """Return whether an object has such an array, which only `object.__new__` creates.

    A word before the object shows it (Include/internal/pycore_object.h).
    """
    if IN_OBJECT:
        return has_managed_dict(type(value))
    if sys.version_info >= (3, 12):
        return bool(read_word(id(value), -3) & 1)
    return bool(read_word(id(value), -4))


def _has_dict_of_array(value: Any) -> bool:
    """Return whether an object has a dict, and its array is still in use."""
    if read_object(id(value), _DICT_PLACE, dict) is None:
        return False
    # The fourth byte of the array (Include/internal/pycore_dict.h, `valid`).
    return bool(read_byte(id(value) + read_basicsize(type(value)) + 3))


def _slice(objects: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(objects), BATCH):
        yield list(islice(objects, start, start + BATCH))
