"""Unloads modules, and tells what that really gave back."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Collection, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from jupyter_memkit.errors import UnloadError, suggest
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques import pandas_traces, unload_rules
from jupyter_memkit.techniques.allocator import trim_allocator
from jupyter_memkit.techniques.module_holders import (
    find_code,
    find_pins,
    is_within,
    read_attributes,
)

# Modules that are parts of another package in all but name. The inline backend keeps
# the figures of the matplotlib that it was imported with.
_COMPANIONS = {"matplotlib": ("mpl_toolkits", "matplotlib_inline.backend_inline")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unloaded:
    """What unloading did, or with ``dry_run`` would do.

    Attributes
    ----------
    name : str
        The module as it was loaded (``pandas`` for ``pd``); several with commas.
    freed_bytes : int or None
        What the process gave back to the system: resident memory before minus
        after, both after a collection, at least 0. None in a dry run.
    modules : tuple of str
        The modules that were removed from ``sys.modules``.
    names : tuple of str
        The names in the namespace that were bound to them and were removed.
    survivors : tuple of str
        Those of the modules that are still in memory, by their object or by what
        their functions use. Empty in a dry run.
    pinned_by : mapping of str to str
        Who holds a survivor, where that is cheap to know: another module's
        attribute, or a name bound to one of its functions or classes.
    dry_run : bool
        Whether nothing was done.
    """

    name: str
    freed_bytes: int | None
    modules: tuple[str, ...]
    names: tuple[str, ...]
    survivors: tuple[str, ...]
    pinned_by: Mapping[str, str]
    dry_run: bool


def unload(
    name: str,
    *more: str,
    namespace: MutableMapping[str, Any] | None = None,
    dry_run: bool = False,
) -> Unloaded:
    """Unload a library: its modules, and the names bound to them.

    Removes the module and its submodules from ``sys.modules``, the attribute on its
    parent package, and the names bound to these modules; collects; and asks the
    allocator for its free memory. CPython rarely returns a library's memory: read
    `Unloaded.freed_bytes` for what came back. Importing the library again works;
    libraries that cannot be imported twice are refused.

    Parameters
    ----------
    name, *more : str
        Modules by name (``"a.b"``) or by their name in the namespace (``"pd"``).
        When one is refused, none is unloaded.
    namespace : mutable mapping, optional
        Where the names are looked up and removed; ``__main__`` when not given,
        which is a notebook's own namespace. Names bound to functions and classes
        of the library stay.
    dry_run : bool
        Only tell what would be removed.

    Returns
    -------
    Unloaded
        What was removed, what is still in memory, and what came back.

    Raises
    ------
    UnloadError
        For a name that is no loaded module, a module that has to stay, or one
        whose objects are alive in the namespace; nothing is changed.

    Examples
    --------
    >>> unload("sympy").freed_bytes  # doctest: +SKIP
    0
    """
    if namespace is None:
        namespace = vars(sys.modules["__main__"])
    keys = tuple(dict.fromkeys(_find_key(each, namespace) for each in (name, *more)))
    modules: dict[str, object] = _find_modules(keys)
    for key in keys:
        part = [module for module in modules if is_within(module, key)]
        unload_rules.check(key, part, namespace)
    objects = {id(module) for module in modules.values()}
    names = tuple(each for each, value in namespace.items() if id(value) in objects)
    freed_bytes: int | None = None
    survivors: tuple[str, ...] = ()
    pins = _name_code(namespace, modules)
    if not dry_run:
        before_bytes = _settle()
        traces = {each: _trace(module) for each, module in modules.items()}
        _remove(modules, names, namespace)
        modules = dict.fromkeys(modules)
        freed_bytes = max(0, before_bytes - _settle())
        alive = _find_alive(traces)
        survivors, pins = tuple(alive), find_pins(alive, namespace)
    return Unloaded(
        name=", ".join(keys),
        freed_bytes=freed_bytes,
        modules=tuple(modules),
        names=names,
        survivors=survivors,
        pinned_by=pins,
        dry_run=dry_run,
    )


def _find_key(name: str, namespace: Mapping[str, Any]) -> str:
    """Return the key in ``sys.modules`` of a module that the user names."""
    value = namespace.get(name)
    loaded = sys.modules.copy()
    if isinstance(value, ModuleType):
        if loaded.get(value.__name__) is value:
            return value.__name__
        for key, module in loaded.items():
            if module is value:
                return key
        message = f"{name} is no longer loaded; delete the name: del {name}"
        raise UnloadError(message)
    if loaded.get(name) is not None:
        return name
    if name in namespace:
        message = (
            f"{name} is no module but a value ({type(value).__name__}); use del {name}"
        )
        raise UnloadError(message)
    tops = {key.partition(".")[0] for key in loaded} - sys.stdlib_module_names
    known = [key for key in tops if key[0] != "_"]
    remedy = suggest(name, known, "give the name that was imported")
    message = f"no module {name!r} is loaded; {remedy}"
    raise UnloadError(message)


def _find_modules(keys: Iterable[str]) -> dict[str, object]:
    roots = {root for key in keys for root in (key, *_COMPANIONS.get(key, ()))}
    loaded = sys.modules.copy()
    return {
        name: loaded[name]
        for name in sorted(loaded)
        if loaded[name] is not None and any(is_within(name, root) for root in roots)
    }


def _remove(
    modules: Mapping[str, object],
    names: Iterable[str],
    namespace: MutableMapping[str, Any],
) -> None:
    if "pandas" in modules:
        pandas_traces.clear()
    for key, module in modules.items():
        parent_key, _, child = key.rpartition(".")
        parent = sys.modules.get(parent_key)
        if parent_key not in modules and read_attributes(parent).get(child) is module:
            delattr(parent, child)
    for key in modules:
        sys.modules.pop(key, None)
    for name in names:
        del namespace[name]


def _trace(module: object) -> tuple[Any, Any]:
    """Return weak references to a module and to what lives as long as its namespace.

    A function keeps the namespace of its module, not the module; in the namespace
    is the module's own spec.
    """
    spec = read_attributes(module).get("__spec__")
    return _refer(module), _refer(spec)


def _find_alive(traces: Mapping[str, tuple[Any, Any]]) -> dict[str, object]:
    return {
        name: module()
        for name, (module, spec) in traces.items()
        if module() is not None or spec() is not None
    }


def _name_code(
    namespace: Mapping[str, Any], modules: Collection[str]
) -> dict[str, str]:
    code = find_code(namespace, modules)
    return {module: f"the name {name}" for name, module in code.items()}


def _refer(value: object) -> Any:
    try:
        return weakref.ref(value)
    except TypeError:
        return _nothing


def _nothing() -> None:
    """Stand in for a reference to what cannot be watched."""


def _settle() -> int:
    """Collect, trim, and return the resident memory."""
    gc.collect()
    trim_allocator()
    return read_rss_bytes()
