"""Runs code around and after the imports of modules."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# The observed modules whose code is running.
_executing: set[str] = set()


def is_executing(module: str) -> bool:
    """Return whether an observed module is being imported, and may still set names."""
    return module in _executing


class ImportWatch:
    """The first finder of modules, which delegates to the others.

    Parameters
    ----------
    around : callable
        Returns a context manager for each import that is not part of another.

    Examples
    --------
    >>> watch = ImportWatch(contextlib.nullcontext)
    >>> watch.when_loaded("sys", lambda: print("it is there"))
    it is there
    """

    def __init__(self, around: Callable[[], AbstractContextManager[object]]) -> None:
        self._around = around
        self._is_inside = False
        self._waiting: dict[str, list[Callable[[], object]]] = {}

    def when_loaded(self, module: str, act: Callable[[], object]) -> None:
        """Call a function as soon as a module is loaded; at once if it already is."""
        if module in sys.modules:
            act()
            return
        self._waiting.setdefault(module, []).append(act)

    def start(self) -> None:
        """Observe imports from now on."""
        sys.meta_path.insert(0, self)

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a module by the other finders; None if it need not be observed."""
        if name not in self._waiting and self._is_inside:
            return None
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    self._watch(name, spec)
                    return spec
        return None

    def _watch(self, name: str, spec: ModuleSpec) -> None:
        loader: Any = spec.loader
        execute = getattr(loader, "exec_module", None)
        if execute is None or isinstance(loader, type):
            return  # A namespace package or a built-in module has no separate loader.

        def execute_and_act(module: ModuleType) -> None:
            del loader.exec_module
            _executing.add(name)
            try:
                with self._enter():
                    execute(module)
            finally:
                _executing.discard(name)
            for act in self._waiting.pop(name, ()):
                act()

        with contextlib.suppress(AttributeError):
            loader.exec_module = execute_and_act

    @contextlib.contextmanager
    def _enter(self) -> Iterator[None]:
        if self._is_inside:
            yield
            return
        self._is_inside = True
        try:
            with self._around():
                yield
        finally:
            self._is_inside = False
