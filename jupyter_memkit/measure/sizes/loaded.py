"""Reads modules that are loaded, without running code of theirs.

A module can have a function that makes attributes when they are asked for, and what
stands in ``sys.modules`` need be no module at all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

# Not the plain attribute: a subclass can put a property of its own before it.
_read_namespace = vars(ModuleType)["__dict__"].__get__


def read_namespace(module: Any) -> dict[str, Any] | None:
    """Return the namespace of a module; None for what is no module."""
    if not issubclass(type(module), ModuleType):
        return None
    namespace: dict[str, Any] = _read_namespace(module)
    return namespace


def find_loaded(module: str, name: str) -> Any:
    """Return what a loaded module calls so; None when it is not there.

    Examples
    --------
    >>> find_loaded("sys", "modules") is sys.modules
    True
    >>> find_loaded("no.such.module", "thing") is None
    True
    """
    namespace = read_namespace(sys.modules.get(module))
    return None if namespace is None else namespace.get(name)


def read_module_ends() -> Iterator[Any]:
    """Yield where a walk ends: the namespaces of modules, and what replaces one."""
    for module in sys.modules.copy().values():
        namespace = read_namespace(module)
        yield module if namespace is None else namespace
