"""Reads what objects refer to, from Python's own records of it."""

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
# Longer containers are read in batches, so that no list of all they hold is made.
_ASKED_ELEMENTS = BATCH // 2


# Until somebody asks for the ``__dict__`` of an instance its attributes lie in an array
# of which `sys.getsizeof` does not know: beside the object, and from Python 3.13 on in
# it, where they stay when there is a ``__dict__`` as well.
# A build without the GIL has other fields before its objects.
_HAS_ARRAYS = sys.version_info >= (3, 11) and "t" not in getattr(sys, "abiflags", "")
# Where the ``__dict__`` is then (Include/internal/pycore_object.h).
_DICT_PLACE = -3
# Objects of one type are mostly made in one way.
_LOOKED_AT = 64


@dataclass(slots=True)
class Group:
    """Objects of one kind that were added up, and are yet to be gone into.

    Attributes
    ----------
    kind : Kind
        What is known of them.
    objects : list
        The objects.
    weight : float
        How many such objects each of them stands for.
    fold : int
        The part of a sample that they belong to; 0 for no sample.
    before : int
        Who else holds them: a variable's number, one more than all for several, 0 for
        nobody.
    children : list
        What else they keep alive, as their sizer knows.
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
    """Yield all that a group of objects refers to, some thousands at a time.

    Parameters
    ----------
    group : Group
        The objects.
    add_own : callable
        Told the bytes that the objects themselves were found to take besides.
    """
    yield from _slice(group.children)
    for elements in group.elements:
        for start in range(0, len(elements), BATCH):
            yield elements[start : start + BATCH].tolist()
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
    """Return all that objects of a group refer to."""
    referents = _ask_collector(objects, group, add_own)
    if group.kind.read_unvisited is not None:
        referents += group.kind.read_unvisited(objects)
    return referents


def _ask_collector(objects: list[Any], group: Group, add_own: AddOwn) -> list[Any]:
    """Return what the collector knows that objects of a group refer to."""
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
    """Return what the arrays of attributes take."""
    if not any(map(_has_array, islice(objects, _LOOKED_AT))):
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
    """Return the dicts that are another form of the array in their object.

    The collector is told of what is in the array, and not of the dict.
    """
    if not any(map(_has_dict_of_array, islice(objects, _LOOKED_AT))):
        return []
    return [
        read_object(id(value), _DICT_PLACE, dict)
        for value in objects
        if _has_dict_of_array(value)
    ]


def _has_taken_dict(referents: list[Any], places: int) -> bool:
    """Tell whether a dict has, by its size, taken over the array of an object."""
    n_bytes = {}.__sizeof__() + places * tuple.__itemsize__
    return any(
        type(value) is dict and dict.__sizeof__(value) == n_bytes for value in referents
    )


def _has_array(value: Any) -> bool:
    """Tell whether an object has such an array, which only `object.__new__` makes.

    It is what lies before the object (Include/internal/pycore_object.h).
    """
    if IN_OBJECT:
        return has_managed_dict(type(value))
    if sys.version_info >= (3, 12):
        return bool(read_word(id(value), -3) & 1)
    return bool(read_word(id(value), -4))


def _has_dict_of_array(value: Any) -> bool:
    """Tell whether an object has a dict, and the array in it is still in use."""
    if read_object(id(value), _DICT_PLACE, dict) is None:
        return False
    # The fourth byte of the array (Include/internal/pycore_dict.h, `valid`).
    return bool(read_byte(id(value) + read_basicsize(type(value)) + 3))


def _slice(objects: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(objects), BATCH):
        yield list(islice(objects, start, start + BATCH))
