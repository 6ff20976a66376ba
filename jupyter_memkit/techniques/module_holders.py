"""Finds what in this process still uses a module, where that is cheap to know."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

_CONTAINERS = (list, tuple, set, frozenset, deque, dict)
_CODE = (type, FunctionType, BuiltinFunctionType, MethodType)

# Where IPython keeps the values that it has shown.
_OUTPUT_CACHES = ("Out", "_oh")


def is_within(name: object, root: str) -> bool:
    """Tell whether a module's name is a root, or below it."""
    return isinstance(name, str) and (name == root or name.startswith(f"{root}."))


def read_attributes(module: object) -> Mapping[str, Any]:
    """Return the namespace of a module without waking up a lazy one."""
    try:
        attributes = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return {}
    return attributes if isinstance(attributes, dict) else {}


def find_instances(namespace: Mapping[str, Any], root: str) -> tuple[str, ...]:
    """Return the names that hold objects made of the classes of a package.

    Looks into lists, tuples, sets, dicts and deques at any depth, not into other
    objects. Modules, classes and functions are no such objects.

    Parameters
    ----------
    namespace : mapping
        Names and values.
    root : str
        The package.

    Returns
    -------
    tuple of str
        The names; the last shown values are ``Out[n]``, and their other names
        (``_``, ``_n``) are left out.
    """
    known: dict[type, bool] = {}

    def is_owned(kind: type) -> bool:
        if kind not in known:
            known[kind] = any(is_within(base.__module__, root) for base in kind.__mro__)
        return known[kind]

    found = [
        name
        for name, value in namespace.items()
        if name not in _OUTPUT_CACHES and _holds(value, is_owned)
    ]
    shown = _read_shown(namespace)
    values = {id(value) for value in shown.values()}
    named = [
        name
        for name in found
        if not (name.startswith("_") and id(namespace[name]) in values)
    ]
    outputs = [label for label, value in shown.items() if _holds(value, is_owned)]
    return (*named, *outputs)


def find_code(namespace: Mapping[str, Any], modules: Collection[str]) -> dict[str, str]:
    """Return the names bound to functions and classes, with their modules."""
    found = {
        name: getattr(value, "__module__", None)
        for name, value in namespace.items()
        if isinstance(value, _CODE)
    }
    return {
        name: module
        for name, module in found.items()
        if isinstance(module, str) and module in modules
    }


def find_pins(
    survivors: Mapping[str, object], namespace: Mapping[str, Any]
) -> dict[str, str]:
    """Return who holds the modules that were removed and are still in memory.

    Parameters
    ----------
    survivors : mapping of str to object
        The modules by name; None where only the module's namespace is left.
    namespace : mapping
        The user's names.

    Returns
    -------
    dict of str to str
        A short text for each survivor whose holder is a name of the user or an
        attribute of another module.
    """
    pins: dict[str, str] = {}
    for name, module in find_code(namespace, survivors).items():
        pins.setdefault(module, f"the name {name}")
    names_by_id = {
        id(module): name for name, module in survivors.items() if module is not None
    }
    for label, value in _read_shown(namespace).items():
        if id(value) in names_by_id:
            pins.setdefault(names_by_id[id(value)], label)
    for holder, other in sys.modules.copy().items():
        if holder == "__main__" or read_attributes(other) is namespace:
            continue
        attributes = dict(read_attributes(other))
        for attribute, value in attributes.items():
            if isinstance(value, ModuleType) and id(value) in names_by_id:
                pins.setdefault(names_by_id[id(value)], f"{holder}.{attribute}")
        for attribute, module in find_code(attributes, survivors).items():
            pins.setdefault(module, f"{holder}.{attribute}")
    return pins


def _read_shown(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that IPython has shown, by what the user calls them."""
    shown = namespace.get("Out")
    if not isinstance(shown, dict):
        return {}
    return {f"Out[{number}]": value for number, value in shown.items()}


def _holds(value: Any, is_owned: Callable[[type], bool]) -> bool:
    if isinstance(value, (ModuleType, *_CODE)):
        return False
    frontier: list[Iterable[Any]] = [(value,)]
    seen: set[int] = set()
    while frontier:
        items = frontier.pop()
        # By type first: a list of ten million numbers is one type.
        kinds = set(map(type, items))
        if any(is_owned(kind) for kind in kinds if not issubclass(kind, type)):
            return True
        if not any(issubclass(kind, _CONTAINERS) for kind in kinds):
            continue
        # A copy: another thread may add to it meanwhile.
        for item in tuple(items):
            if isinstance(item, _CONTAINERS) and id(item) not in seen:
                seen.add(id(item))
                frontier.append(item)
                if isinstance(item, dict):
                    frontier.append(item.values())
    return False
