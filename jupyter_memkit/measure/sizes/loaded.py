"""Reads loaded modules without running their code.

A module can define a ``__getattr__`` that creates attributes on access, and an entry of
``sys.modules`` need not be a module at all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.raw_reads import read_mro

# Not the plain attribute: a subclass can override it with a property.
_read_namespace = vars(ModuleType)["__dict__"].__get__


def read_namespace(module: Any) -> dict[str, Any] | None:
    """Return the namespace of a module; None if it is not a module."""
    if not issubclass(type(module), ModuleType):
        return None
    namespace: dict[str, Any] = _read_namespace(module)
    return namespace


def find_loaded(module: str, name: str) -> Any:
    """Return an object of a loaded module by its name; None when it does not exist.

    Examples
    --------
    >>> find_loaded("sys", "modules") is sys.modules
    True
    >>> find_loaded("no.such.module", "thing") is None
    True
    """
    namespace = read_namespace(sys.modules.get(module))
    return None if namespace is None else namespace.get(name)


def derives_from(kind: type, module: str, name: str) -> bool:
    """Return whether a type is a class of a loaded module, or derives from it.

    Examples
    --------
    >>> derives_from(bool, "builtins", "int")
    True
    >>> derives_from(bool, "no.such.module", "int")
    False
    """
    base = find_loaded(module, name)
    return base is not None and contains_identical(read_mro(kind), base)


def read_module_ends() -> Iterator[Any]:
    """Yield the objects where a walk ends: namespaces of modules, or the modules."""
    for module in sys.modules.copy().values():
        namespace = read_namespace(module)
        yield module if namespace is None else namespace
