"""Finds what holds modules that were removed but are still in memory."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from jupyter_memkit.techniques.unloading.instances import read_shown
from jupyter_memkit.techniques.unloading.removal import (
    Removal,
    find_code,
    is_a,
    is_compiled,
    read_attributes,
)
from jupyter_memkit.techniques.unloading.search import find_chains


@dataclass(frozen=True, slots=True)
class Watch:
    """Weak references to a module and to an object that lives as long as its namespace.

    A function keeps the namespace of its module alive, but not the module; the
    namespace contains the module's spec.
    """

    module: Any
    spec: Any


def watch_modules(removal: Removal) -> dict[str, Watch]:
    """Return references that show later whether modules are still in memory."""
    return {
        name: Watch(_refer(module), _refer(read_attributes(module).get("__spec__")))
        for name, module in removal.modules.items()
    }


def find_alive(watched: Mapping[str, Watch]) -> dict[str, object]:
    """Return the modules that are alive; None if only the namespace is."""
    return {
        name: watch.module()
        for name, watch in watched.items()
        if watch.module() is not None or watch.spec() is not None
    }


def find_pins(
    watched: Mapping[str, Watch], namespace: Mapping[str, Any]
) -> dict[str, str]:
    """Return what holds the modules that are still in memory.

    Parameters
    ----------
    watched : mapping of str to Watch
        The modules by name.
    namespace : mapping
        The user's names.

    Returns
    -------
    dict of str to str
        A description for each survivor that is held by a user's name or an attribute of
        another module; if there is none, the shortest chains that lead to some of them;
        if there are none either, the compiled modules.
    """
    survivors = find_alive(watched)
    if not survivors:
        return {}
    pins = _find_near(survivors, namespace)
    if not pins:
        pins = find_chains(watched, namespace)
    if not pins:
        compiled = [name for name, module in survivors.items() if is_compiled(module)]
        pins = dict.fromkeys(compiled, "the system, which loads compiled modules once")
    return pins


def _find_near(
    survivors: Mapping[str, object], namespace: Mapping[str, Any]
) -> dict[str, str]:
    pins: dict[str, str] = {}
    for name, module in find_code(namespace, survivors).items():
        pins.setdefault(module, f"the name {name}")
    names_by_id = {
        id(module): name for name, module in survivors.items() if module is not None
    }
    for label, value in read_shown(namespace).items():
        if id(value) in names_by_id:
            pins.setdefault(names_by_id[id(value)], label)
    for holder, other in sys.modules.copy().items():
        if holder == "__main__" or read_attributes(other) is namespace:
            continue
        attributes = dict(read_attributes(other))
        for attribute, value in attributes.items():
            if is_a(value, ModuleType) and id(value) in names_by_id:
                pins.setdefault(names_by_id[id(value)], f"{holder}.{attribute}")
        for attribute, module in find_code(attributes, survivors).items():
            pins.setdefault(module, f"{holder}.{attribute}")
    return pins


def _refer(value: object) -> Any:
    try:
        return weakref.ref(value)
    except TypeError:
        return _nothing


def _nothing() -> None:
    """Stand in for a weak reference to an object that does not support one."""
