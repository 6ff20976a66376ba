"""What is known of a type: how its objects are sized, and what they can refer to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
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
    find_header_bytes,
    find_sizeof,
    has_managed_dict,
    has_referents,
)
from jupyter_memkit.measure.sizes.elements import CONTAINERS
from jupyter_memkit.measure.sizes.identity import find_identical

# These belong to the program, not to the data that refers to them.
_PROGRAM = (
    CodeType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
    type,
)

_BUILT_IN = (
    ClassMethodDescriptorType,
    MethodDescriptorType,
    WrapperDescriptorType,
)

_WAYS_OUT: dict[type, str] = {FrameType: "f_back", FunctionType: "__globals__"}

# The types of these say what they hold, or hold next to nothing.
_TRUSTED = sys.stdlib_module_names | {"builtins", ""}

# Not the plain attributes: a metaclass can put code of its own before those.
_read_dict = type.__dict__["__dict__"].__get__
_read_mro = type.__dict__["__mro__"].__get__


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is known of a type.

    Attributes
    ----------
    name : str
        Its dotted name.
    is_program : bool
        Whether its objects are code, which counts for nobody's data.
    sizeof : callable
        Takes an object and returns the bytes that it asks for.
    is_fixed : bool
        Whether these are the same for all of them.
    header_bytes : int
        The part of an object that is an allocation by itself, 0 for all of it.
    has_referents : bool
        Whether Python knows what its objects refer to.
    container : type or None
        The type whose code reads its objects, where they can be very long.
    way_out : str or None
        The attribute that leads from them to what is no part of them: from a function
        to its module, from a frame to its caller.
    has_managed_dict : bool
        Whether the attributes may lie beside the object, unseen by `sizeof`.
    sizer : callable or None
        What a library's file or the user knows about it.
    is_opaque : bool
        Whether its objects can hold memory that nothing here sees.
    """

    name: str
    is_program: bool
    sizeof: Callable[[Any], int]
    is_fixed: bool
    header_bytes: int
    has_referents: bool
    container: type | None
    way_out: str | None
    has_managed_dict: bool
    sizer: Callable[[Any], Any] | None
    is_opaque: bool


class Kinds:
    """What is known of the types that one measurement meets, found out when met.

    They are found by their addresses: the hash and the comparison of a class are code
    of its metaclass.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[type, Kind]] = {}

    def __getitem__(self, kind: type) -> Kind:
        """Return what is known of a type."""
        known = self._known.get(id(kind))
        if known is None:
            # The type is kept, so that its address is not given to another.
            known = self._known[id(kind)] = (kind, self._find_out(kind))
        return known[1]

    @staticmethod
    def _find_out(kind: type) -> Kind:
        sizer = registry.find_sizer(kind)
        sizeof, is_fixed = find_sizeof(kind)
        return Kind(
            name=registry.name_type(kind),
            is_program=_derives_from(kind, _PROGRAM),
            sizeof=sizeof,
            is_fixed=is_fixed,
            header_bytes=find_header_bytes(kind),
            has_referents=has_referents(kind),
            way_out=find_identical(kind, _WAYS_OUT),
            container=find_identical(kind, CONTAINERS),
            has_managed_dict=has_managed_dict(kind),
            sizer=sizer,
            is_opaque=sizer is None and _is_opaque(kind),
        )


def _derives_from(kind: type, bases: tuple[type, ...]) -> bool:
    """Tell whether a type derives from others, without asking its metaclass."""
    return any(base is each for base in _read_mro(kind) for each in bases)


def _is_opaque(kind: type) -> bool:
    """Tell whether a type is written in another language and hides what it takes."""
    for base in _read_mro(kind):
        if registry.name_module(base).partition(".")[0] in _TRUSTED:
            return False
        own = _read_dict(base)
        if type(own.get("__sizeof__")) is MethodDescriptorType:
            return False
        if any(_is_built_into(base, value) for value in own.values()):
            return not registry.is_transparent(base)
    return False


def _is_built_into(kind: type, value: Any) -> bool:
    """Tell whether an attribute of a type is written in another language, for it."""
    if type(value) is BuiltinFunctionType:
        return value.__self__ is kind
    return type(value) in _BUILT_IN and value.__objclass__ is kind
