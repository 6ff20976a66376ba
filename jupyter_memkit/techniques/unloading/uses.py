"""Finds which loaded libraries use which."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from jupyter_memkit.measure.sizes.registry import name_module
from jupyter_memkit.techniques.unloading.kernel import is_kernel
from jupyter_memkit.techniques.unloading.naming import LibraryNames
from jupyter_memkit.techniques.unloading.removal import (
    find_home,
    is_a,
    is_within,
    read_attributes,
)

# Packages of ours whose modules refer to the user's libraries without needing them.
_ABOUT_LIBRARIES = (
    "jupyter_memkit.hints",
    "jupyter_memkit.measure",
    "jupyter_memkit.techniques.chunked.training.libraries",
)

_read_bases = type.__dict__["__mro__"].__get__


def find_libraries(value: Any, names: LibraryNames) -> set[str]:
    """Return the libraries to which a value belongs; for a class, also of its bases."""
    if is_a(value, type):
        return {names[name_module(base)] for base in _read_bases(value)} - {""}
    return {names[find_home(value)]} - {""}


def find_uses() -> dict[str, set[str]]:
    """Return for each loaded library the others to which its modules refer.

    The standard library and `__main__` do not count as libraries.
    """
    uses: dict[str, set[str]] = {}
    names = LibraryNames()
    # Many modules hold the same objects.
    known: dict[int, set[str]] = {}
    for name, module in _find_imported():
        used = uses.setdefault(names[name], set())
        for value in _read_values(name, module):
            if id(value) not in known:
                known[id(value)] = find_libraries(value, names)
            used |= known[id(value)]
    libraries = set(uses)
    return {top: (used & libraries) - {top} for top, used in uses.items()}


def _find_imported() -> Iterator[tuple[str, object]]:
    """Yield the imported modules of libraries.

    Modules that were not imported have no spec: the program itself, and those created
    by compiled code.
    """
    for key, module in sys.modules.copy().items():
        spec = read_attributes(module).get("__spec__")
        name = str(getattr(spec, "name", key))
        is_python = name.partition(".")[0] in sys.stdlib_module_names
        if spec is None or is_python:
            continue
        if any(is_within(name, package) for package in _ABOUT_LIBRARIES):
            continue
        if key != "__main__":
            yield name, module


def _read_values(name: str, module: object) -> Iterator[Any]:
    """Yield the values of a module's names, except its submodules.

    Those were imported separately, and are removed with it.
    """
    for attribute, value in list(read_attributes(module).items()):
        is_module = is_a(value, ModuleType)
        if not (is_module and find_home(value) == f"{name}.{attribute}"):
            yield value


def reach(starts: set[str], uses: Mapping[str, set[str]]) -> set[str]:
    """Return libraries with everything that they use, directly or indirectly."""
    reached: set[str] = set()
    frontier = list(starts)
    while frontier:
        top = frontier.pop()
        if top not in reached:
            reached.add(top)
            frontier += uses.get(top, ())
    return reached


def find_kernel_libraries(uses: Mapping[str, set[str]]) -> set[str]:
    """Return the libraries that the kernel needs, directly or indirectly."""
    return reach({top for top in uses if is_kernel(top)}, uses)
