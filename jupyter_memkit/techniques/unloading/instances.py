"""Finds the classes of the objects that the names of a namespace hold."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from jupyter_memkit.techniques.unloading.removal import CODE, is_a

_CONTAINERS = (list, tuple, set, frozenset, deque, dict)

# The names under which IPython keeps outputs.
_OUTPUT_CACHES = ("Out", "_oh")


def find_classes(
    namespace: Mapping[str, Any], end_s: float = math.inf
) -> dict[str, set[type]]:
    """Return the classes of the objects that each name holds.

    Searches lists, tuples, sets, dicts and deques at any depth, but no other objects.
    Modules, classes and functions are ignored.

    Parameters
    ----------
    namespace : mapping
        Names and values.
    end_s : float
        When to stop, in seconds of ``time.perf_counter()``; what was found until then
        is returned.

    Returns
    -------
    dict of str to set of type
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
    shown = namespace.get("Out")
    if not isinstance(shown, dict):
        return {}
    return {f"Out[{number}]": value for number, value in shown.items()}


def _collect(value: Any, end_s: float) -> set[type]:
    """Return the classes of a value and its contents, those found until a time."""
    found: set[type] = set()
    if is_a(value, (ModuleType, *CODE)):
        return found
    frontier: list[Iterable[Any]] = [(value,)]
    seen: set[int] = set()
    while frontier and time.perf_counter() < end_s:
        items = frontier.pop()
        # By type first, because a list of ten million numbers has one type.
        kinds = set(map(type, items))
        found |= {kind for kind in kinds if not issubclass(kind, type)}
        if not any(issubclass(kind, _CONTAINERS) for kind in kinds):
            continue
        # A copy, because another thread may add to it meanwhile.
        for item in tuple(items):
            if is_a(item, _CONTAINERS) and id(item) not in seen:
                seen.add(id(item))
                frontier.append(item)
                if is_a(item, dict):
                    frontier.append(item.values())
    return found
