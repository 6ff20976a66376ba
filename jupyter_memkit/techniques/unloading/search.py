"""Finds paths from outside to the objects of modules that were removed.

A breadth-first search from the user's names and the loaded modules: the first object of
the library that it reaches is how the rest of the program holds it. This differs from
finding the holders of one object, because any function holds its whole module.
"""

from __future__ import annotations

import gc
import operator
import sys
from collections.abc import Collection, Iterator, Mapping
from itertools import repeat
from types import FunctionType
from typing import Any

from jupyter_memkit.measure.chains import write_chain
from jupyter_memkit.measure.deadlines import deadline_after, has_passed
from jupyter_memkit.measure.hidden import find_hidden, find_shell
from jupyter_memkit.measure.sizes.addresses import BATCH, AddressMap
from jupyter_memkit.measure.sizes.registry import name_module

_BUDGET_S = 3.0
_MOST = 3


def find_chains(
    modules: Collection[str], namespace: Mapping[str, Any]
) -> dict[str, str]:
    """Return the shortest chains to the remains of modules.

    Parameters
    ----------
    modules : collection of str
        Their names.
    namespace : mapping
        The user's names.

    Returns
    -------
    dict of str to str
        The chains to the first objects of three modules, by module; empty if the time
        limit was reached, or only compiled code holds them.
    """
    search = _Search(frozenset(modules))
    search.run(dict(_find_roots(namespace)), deadline_after(_BUDGET_S))
    return search.chains


def _find_roots(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "", namespace
    for holder in find_hidden(find_shell()):
        yield holder.name, holder.value
    for name, module in sys.modules.copy().items():
        if name != "__main__":
            yield name, module


class _Search:
    """A breadth-first search."""

    def __init__(self, modules: frozenset[str]) -> None:
        self._modules = modules
        self._kinds: dict[type, bool] = {}
        self._seen = AddressMap()
        self._levels: list[list[Any]] = []
        self._roots: dict[str, Any] = {}
        self.chains: dict[str, str] = {}

    def run(self, roots: dict[str, Any], end_s: float) -> None:
        """Search from named objects."""
        self._roots = roots
        self._seen.claim([self, vars(self), roots, self._levels, self._kinds], 1)
        for name, value in roots.items():
            home = self._find_home(value)
            if home is not None:
                self.chains.setdefault(home, name)
        level = self._claim(list(roots.values()))
        while level and len(self.chains) < _MOST:
            self._levels.append(level)
            wide, level = level, []
            self._seen.claim([wide, level], 1)
            for batch in _read(wide):
                if has_passed(end_s):
                    return
                level += [each for each in self._claim(batch) if not self._meets(each)]

    def _claim(self, objects: list[Any]) -> list[Any]:
        fresh: list[Any] = []
        for start in range(0, len(objects), BATCH):
            part = objects[start : start + BATCH]
            fresh += self._seen.claim(part, 1).get(0, [])
        return fresh

    def _meets(self, value: Any) -> bool:
        """Return whether an object belongs to the library, and record its holder."""
        home = self._find_home(value)
        if home is None:
            return False
        if home not in self.chains and len(self.chains) < _MOST:
            chain = self._describe(value)
            if chain is not None:
                self.chains[home] = chain
        return True

    def _find_home(self, value: Any) -> str | None:
        """Return the module of the library to which an object belongs, if any."""
        kind = type(value)
        if kind is FunctionType:
            home = value.__module__
        elif issubclass(kind, type):
            home = name_module(value)
        else:
            if kind not in self._kinds:
                self._kinds[kind] = name_module(kind) in self._modules
            home = name_module(kind) if self._kinds[kind] else None
        return home if home in self._modules else None

    def _describe(self, value: Any) -> str | None:
        """Return the path to an object; None if another thread has changed it."""
        steps = [value]
        for level in reversed(self._levels):
            parent = _find_parent(level, steps[0])
            if parent is None:
                return None
            steps.insert(0, parent)
        names = (name for name, root in self._roots.items() if root is steps[0])
        name = next(names, "")
        return write_chain(name, steps, is_namespace=not name)


def _find_parent(level: list[Any], child: Any) -> Any:
    """Return the referrer of an object in a level, if it still has one."""
    for start in range(0, len(level), BATCH):
        part = level[start : start + BATCH]
        if _refers(part, child):
            return next((each for each in part if _refers([each], child)), None)
    return None


def _refers(objects: list[Any], child: Any) -> bool:
    return any(map(operator.is_, gc.get_referents(*objects), repeat(child)))


def _read(level: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(level), BATCH):
        yield gc.get_referents(*level[start : start + BATCH])
