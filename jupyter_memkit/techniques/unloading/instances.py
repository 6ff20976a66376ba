"""Finds the classes of the objects that the names of a namespace hold."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from jupyter_memkit.measure.deadlines import has_passed
from jupyter_memkit.measure.sizes.identity import sort_by_type
from jupyter_memkit.techniques.unloading.removal import CODE, is_a

_CONTAINERS = (list, tuple, set, frozenset, deque, dict)

# The names under which IPython keeps outputs.
_OUTPUT_CACHES = ("Out", "_oh")


def find_classes(
    namespace: Mapping[str, Any], end_s: float = math.inf
) -> dict[str, list[type]]:
    """Return the classes of the objects that each name holds.

    Searches lists, tuples, sets, dicts and deques at any depth, but no other objects.
    Modules, classes and functions are ignored.

    Parameters
    ----------
    namespace : mapping
        Names and values.
    end_s : float
        When to stop, as `deadline_after` returns it; what was found until then
        is returned.

    Returns
    -------
    dict of str to list of type
        The classes by name; outputs are named ``Out[n]``, and their other names (``_``,
        ``_n``) are left out.
    """
    shown = read_shown(namespace)
    values = {id(value) for value in shown.values()}
    named = {
        name: value
        for name, value in namespace.items()
        if name not in _OUTPUT_CACHES
        and not (name.startswith("_") and id(value) in values)
    }
    return {name: _collect(value, end_s) for name, value in (named | shown).items()}


def read_shown(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return IPython's outputs by the names that users know."""
    shown: Any = namespace.get("Out")
    if not is_a(shown, dict):
        return {}
    return {f"Out[{number}]": value for number, value in dict.items(shown)}


def _collect(value: Any, end_s: float) -> list[type]:
    """Return the classes of a value and its contents, those found until a time."""
    if is_a(value, (ModuleType, *CODE)):
        return []
    # By address, because hashing a class can run code of its metaclass.
    found: dict[int, type] = {}
    frontier: list[Any] = [[value]]
    seen: set[int] = set()
    while frontier and not has_passed(end_s):
        # By type first, because a list of ten million numbers has one type.
        for kind, alike in sort_by_type(_read_items(frontier.pop())):
            if not issubclass(kind, type):
                found[id(kind)] = kind
            if issubclass(kind, _CONTAINERS):
                new = {id(item): item for item in alike if id(item) not in seen}
                seen.update(new)
                frontier += new.values()
    return list(found.values())


def _read_items(container: Any) -> list[Any]:
    """Return a copy of a container's items, to which another thread may add."""
    if is_a(container, dict):
        return [*dict.keys(container), *dict.values(container)]
    base = next(each for each in _CONTAINERS if is_a(container, each))
    # Not the method of a subclass, which can be the user's.
    return list(base.__iter__(container))
