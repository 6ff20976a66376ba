"""Unloads modules, and measures what that actually freed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.allocator import settle
from jupyter_memkit.techniques.unloading.costs import (
    estimate_bytes,
    read_mapped_files,
)
from jupyter_memkit.techniques.unloading.naming import find_key, find_removal
from jupyter_memkit.techniques.unloading.pins import (
    find_alive,
    find_pins,
    watch_modules,
)
from jupyter_memkit.techniques.unloading.removal import (
    Removal,
    find_code,
    read_attributes,
)
from jupyter_memkit.techniques.unloading.rules import check
from jupyter_memkit.techniques.unloading.traces import clear_traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Unloaded(Record):
    """The result of unloading, or with ``dry_run`` what it would do.

    Attributes
    ----------
    name : str
        The import name of the module (``pandas`` for ``pd``); several with commas.
    freed_bytes : int or None
        The memory returned to the system: resident memory before minus after, both
        after a collection, at least 0. None in a dry run.
    imported_bytes : int
        The estimated memory of the modules: everything reachable from their namespaces,
        and the pages of their compiled files. A lower bound.
    modules : tuple of str
        The modules that were removed from ``sys.modules``.
    names : tuple of str
        The names in the namespace that were removed.
    code_names : mapping of str to str
        The names bound to functions and classes that were kept, and their modules.
    traces : tuple of str
        What the library had registered elsewhere and was removed: exit callbacks,
        warning filters and the like. Empty in a dry run.
    survivors : tuple of str
        The modules that are still in memory, themselves or through the namespace that
        their functions use. Empty in a dry run.
    pinned_by : mapping of str to str
        Who holds a survivor, where that was found: another module's attribute, a name
        bound to one of its functions or classes, or the chain that leads to it.
    dry_run : bool
        Whether nothing was changed.
    """

    name: str
    freed_bytes: int | None
    imported_bytes: int
    modules: tuple[str, ...]
    names: tuple[str, ...]
    code_names: Mapping[str, str]
    traces: tuple[str, ...]
    survivors: tuple[str, ...]
    pinned_by: Mapping[str, str]
    dry_run: bool


def unload(
    name: str,
    *more: str,
    namespace: MutableMapping[str, Any] | None = None,
    names: bool = False,
    dry_run: bool = False,
) -> Unloaded:
    """Unload a library: its modules, and the names bound to them.

    Removes the module and its submodules from ``sys.modules``, the attribute on its
    parent package, the names bound to these modules, and what the library registered in
    other modules; then collects garbage and trims the allocator. CPython rarely returns
    a library's memory: `Unloaded.freed_bytes` has what was actually freed. The library
    can be imported again; libraries that cannot be imported twice are refused.

    Parameters
    ----------
    name, *more : str
        Modules by name (``"a.b"``) or by their name in the namespace (``"pd"``). If one
        is refused, none is unloaded.
    namespace : mutable mapping, optional
        The namespace in which names are looked up and removed; by default ``__main__``,
        which is a notebook's own namespace.
    names : bool
        Whether names bound to functions and classes of the library go as well.
    dry_run : bool
        Only report what would be removed.

    Returns
    -------
    Unloaded
        What was removed, what is still in memory, and what was freed.

    Raises
    ------
    UnloadError
        If a name is not a loaded module, or the module cannot be unloaded, or the
        namespace holds objects of it. Nothing is changed.

    Examples
    --------
    >>> unload("sympy").freed_bytes  # doctest: +SKIP
    0
    """
    if namespace is None:
        namespace = vars(sys.modules["__main__"])
    keys = tuple(dict.fromkeys(find_key(each, namespace) for each in (name, *more)))
    for key in keys:
        check(key, namespace)
    removal = find_removal(*keys)
    code = find_code(namespace, removal.modules)
    removed = [*_find_names(removal, namespace), *(code if names else ())]
    kept = {} if names else code
    modules = tuple(sorted(removal.modules))
    imported_bytes = estimate_bytes(removal, read_mapped_files())
    freed_bytes: int | None = None
    traces: tuple[str, ...] = ()
    survivors: tuple[str, ...] = ()
    pins = {module: f"the name {each}" for each, module in kept.items()}
    if not dry_run:
        before_bytes = settle()
        watched = watch_modules(removal)
        traces = clear_traces(removal)
        with Interrupts():  # None is half removed.
            _remove(removal, removed, namespace)
        # From here on, none of our references hold the modules.
        del removal, code
        gc.collect()
        survivors = tuple(find_alive(watched))
        pins = find_pins(watched, namespace)
        # Measured last, so that it includes the memory of the search.
        freed_bytes = max(0, before_bytes - settle())
    return Unloaded(
        name=", ".join(keys),
        freed_bytes=freed_bytes,
        imported_bytes=imported_bytes,
        modules=modules,
        names=tuple(removed),
        code_names=kept,
        traces=traces,
        survivors=survivors,
        pinned_by=pins,
        dry_run=dry_run,
    )


def _find_names(removal: Removal, namespace: Mapping[str, Any]) -> list[str]:
    """Return the names bound to the modules."""
    objects = {id(module) for module in removal.modules.values()}
    return [name for name, value in namespace.items() if id(value) in objects]


def _remove(
    removal: Removal, names: Iterable[str], namespace: MutableMapping[str, Any]
) -> None:
    for key, module in removal.modules.items():
        parent_key, _, child = key.rpartition(".")
        parent = sys.modules.get(parent_key)
        is_inside = parent_key in removal.modules
        if not is_inside and read_attributes(parent).get(child) is module:
            delattr(parent, child)
    for key in removal.modules:
        sys.modules.pop(key, None)
    for name in names:
        del namespace[name]
