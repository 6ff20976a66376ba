"""Distinguishes the user's own modules and classes from those of libraries."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    WrapperDescriptorType,
)
from typing import Any

from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import read_module_ends, read_namespace
from jupyter_memkit.measure.sizes.raw_reads import read_dict, read_module, read_mro

_NOT_IMPORTED = frozenset({"__main__", "__mp_main__"})

# The methods that pickling calls.
_PICKLING = frozenset(
    {
        *("__class__", "__getattribute__", "__getnewargs__", "__getnewargs_ex__"),
        *("__getstate__", "__iter__", "__reduce__", "__reduce_ex__", "items"),
        # Before Python 3.11, it is asked for `__getstate__`.
        *(() if sys.version_info >= (3, 11) else ("__getattr__",)),
    }
)

# Methods and attributes that are not written in Python.
_OF_C = (
    *(BuiltinFunctionType, ClassMethodDescriptorType, GetSetDescriptorType),
    *(MemberDescriptorType, MethodDescriptorType, WrapperDescriptorType),
)


class Owners:
    """Knows, at one moment, which modules and classes are the user's own."""

    def __init__(self) -> None:
        # sysconfig takes too long to load.
        folders = [os.path.dirname(os.__file__)]  # noqa: PTH120 - compared as text
        folders += [each for each in sys.path if each.endswith(("-packages", ".zip"))]
        self._folders = tuple(os.path.join(each, "") for each in folders)  # noqa: PTH118
        # The classes are kept, so that no other gets the address of one.
        self._kinds: dict[int, tuple[type, bool]] = {}

    @cached_property
    def ends(self) -> frozenset[int]:
        """The addresses of the namespaces of modules, as `iterate_parts` takes them."""
        # Kept, so that no other object gets their addresses.
        self._modules = list(read_module_ends())
        return frozenset(map(id, self._modules))

    def is_file_own(self, file: Any) -> bool:
        """Return whether the file of a module does not belong to a library."""
        return type(file) is str and not file.startswith(self._folders)

    def is_own(self, module: Any) -> bool:
        """Return whether the module of a name is the user's, or not known."""
        if type(module) is not str or module in _NOT_IMPORTED:
            return True
        namespace = read_namespace(sys.modules.get(module))
        if namespace is None:
            return True
        return self.is_file_own(namespace.get("__file__"))

    def is_class_own(self, kind: type) -> bool:
        """Return whether the user's code defines a class."""
        return self.is_own(_find_module(kind))

    def runs_own_code(self, kind: type) -> bool:
        """Return whether pickling an object of a class would run the user's code."""
        known = self._kinds.get(id(kind))
        if known is None:
            known = self._kinds[id(kind)] = (kind, self._finds_own_code(kind))
        return known[1]

    def _finds_own_code(self, kind: type) -> bool:
        return any(
            self._is_method_own(method)
            for base in read_mro(kind)
            if self.is_class_own(base)
            for name, method in read_dict(base).items()
            if name in _PICKLING
        )

    def _is_method_own(self, method: Any) -> bool:
        if type(method) is FunctionType:
            # A library may have generated it.
            return self.is_own(method.__module__)
        return not contains_identical(_OF_C, type(method))


def _find_module(kind: type) -> Any:
    try:
        return read_module(kind)
    except AttributeError:
        return None
