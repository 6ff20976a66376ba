"""The properties of a type: how its objects are sized, and their possible referents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import (
    CodeType,
    FrameType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from jupyter_memkit.measure.sizes import registry
from jupyter_memkit.measure.sizes.allocation import (
    Layout,
    find_layout,
    find_sizeof,
    has_managed_dict,
    has_referents,
)
from jupyter_memkit.measure.sizes.elements import CONTAINERS
from jupyter_memkit.measure.sizes.identity import find_identical
from jupyter_memkit.measure.sizes.raw_reads import read_itemsize, read_mro
from jupyter_memkit.measure.sizes.unvisited import ReadUnvisited, find_unvisited
from jupyter_memkit.measure.sizes.verified import find_hidden_bytes

# These belong to the program, not to data that refers to them.
_PROGRAM = (
    CodeType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
    type,
)

# ``bytes(n)`` (Objects/bytesobject.c).
_ZEROED = (bytes,)

_WAYS_OUT: dict[type, str] = {FrameType: "f_back", FunctionType: "__globals__"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The properties of a type.

    Attributes
    ----------
    name : str
        Its dotted name.
    is_program : bool
        Whether its objects are code, which is never counted as data.
    sizeof : callable
        Takes an object and returns the bytes that it requests.
    is_fixed : bool
        Whether `sizeof` returns the same for all objects.
    layout : Layout
        How its objects are allocated.
    may_be_untouched : bool
        Whether its objects can be allocated by ``calloc``, which leaves the pages of
        large ones untouched.
    has_referents : bool
        Whether its objects can have referents known to Python.
    container : type or None
        The type whose methods read its objects, where they can be very long.
    way_out : str or None
        The attribute that refers to an object that is not a part of them: from a
        function to its module, from a frame to its caller.
    has_managed_dict : bool
        Whether the attributes may be stored without a dict, not counted by `sizeof`.
    sizer : callable or None
        The sizer of a library's file or of the user.
    read_unvisited : callable or None
        Takes its objects and returns the referents that the collector does not visit,
        if there are any.
    hidden_bytes : float
        The most bytes that one of its objects can hide.
    """

    name: str
    is_program: bool
    sizeof: Callable[[Any], int]
    is_fixed: bool
    layout: Layout
    may_be_untouched: bool
    has_referents: bool
    container: type | None
    way_out: str | None
    has_managed_dict: bool
    sizer: Callable[[Any], Any] | None
    read_unvisited: ReadUnvisited | None
    hidden_bytes: float


class Kinds:
    """The kinds of the types that one measurement meets, each determined once.

    They are looked up by address, because hashing or comparing a class can run code of
    its metaclass.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[type, Kind]] = {}

    def __getitem__(self, kind: type) -> Kind:
        """Return the kind of a type."""
        known = self._known.get(id(kind))
        if known is None:
            # The type is kept, so that its address is not reused.
            known = self._known[id(kind)] = (kind, self._find_out(kind))
        return known[1]

    @staticmethod
    def _find_out(kind: type) -> Kind:
        sizer = registry.find_sizer(kind)
        sizeof, is_fixed = find_sizeof(kind)
        if registry.is_scalar(kind):
            sizeof, is_fixed = _count_fields, not read_itemsize(kind)
        read_unvisited = find_unvisited(kind)
        return Kind(
            name=registry.name_type(kind),
            is_program=_derives_from(kind, _PROGRAM)
            or registry.is_part_of_program(kind),
            sizeof=sizeof,
            is_fixed=is_fixed,
            layout=find_layout(kind),
            may_be_untouched=_derives_from(kind, _ZEROED),
            has_referents=has_referents(kind) or read_unvisited is not None,
            way_out=find_identical(kind, _WAYS_OUT),
            container=find_identical(kind, CONTAINERS),
            has_managed_dict=has_managed_dict(kind),
            sizer=sizer,
            read_unvisited=read_unvisited,
            hidden_bytes=0 if sizer is not None else find_hidden_bytes(kind),
        )


def _derives_from(kind: type, bases: tuple[type, ...]) -> bool:
    """Return whether a type derives from others, without asking its metaclass."""
    return any(base is each for base in read_mro(kind) for each in bases)


def _count_fields(value: Any) -> int:
    return object.__sizeof__(value)
