"""Resolves the names of modules."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from jupyter_memkit.errors import UnloadError, suggest
from jupyter_memkit.techniques.unloading.kernel import is_kernel
from jupyter_memkit.techniques.unloading.removal import (
    Removal,
    is_a,
    is_within,
    read_attributes,
)

# Modules that belong to another package in all but name. The inline backend keeps the
# figures of the matplotlib with which it was imported, and our module for pyarrow's
# sizes keeps its classes.
_COMPANIONS = {
    "matplotlib": ("mpl_toolkits", "matplotlib_inline.backend_inline"),
    "pyarrow": ("jupyter_memkit.measure.sizes.libraries.pyarrow",),
}


def find_key(name: str, namespace: Mapping[str, Any]) -> str:
    """Return the key in ``sys.modules`` of a module that the user named.

    Parameters
    ----------
    name : str
        Its dotted name, or a name in the namespace bound to it.
    namespace : mapping
        The user's names.

    Raises
    ------
    UnloadError
        If it is not a loaded module.
    """
    value: Any = namespace.get(name)
    loaded = sys.modules.copy()
    if is_a(value, ModuleType):
        own_name = str(read_attributes(value).get("__name__"))
        if loaded.get(own_name) is value:
            return own_name
        for key, module in loaded.items():
            if module is value:
                return key
        message = f"{name} is no longer loaded; delete the name: del {name}"
        raise UnloadError(message)
    if loaded.get(name) is not None:
        return name
    if name in namespace:
        message = (
            f"{name} is not a module but a value ({type(value).__name__}); use del "
            f"{name}"
        )
        raise UnloadError(message)
    tops = {key.partition(".")[0] for key in loaded} - sys.stdlib_module_names
    known = [key for key in tops if key[:1] != "_" and not is_kernel(key)]
    remedy = suggest(name, known, "%unload --list shows the loaded ones")
    message = f"no module {name!r} is loaded; {remedy}"
    raise UnloadError(message)


def find_removal(*keys: str) -> Removal:
    """Return the modules to remove: the given ones, their submodules and companions."""
    loaded: dict[str, object] = dict(sys.modules.copy())
    tops = {name.partition(".")[0] for name in loaded}
    private = [top for top in tops if any(_is_private(top, key) for key in keys)]
    roots = [root for key in keys for root in (key, *_COMPANIONS.get(key, ()))]
    roots += sorted(private)
    found = {
        id(module)
        for name, module in loaded.items()
        if module is not None and any(is_within(name, root) for root in roots)
    }
    # Cython registers some of its modules a second time, without their package.
    return Removal(
        roots=tuple(roots),
        modules={name: each for name, each in loaded.items() if id(each) in found},
    )


class LibraryNames(dict[str, str]):
    """The library of each module, including companions; determined on demand.

    It is valid for the libraries that are loaded when it is created.
    """

    def __init__(self) -> None:
        super().__init__({"": ""})
        self._tops = [name for name in sys.modules.copy() if "." not in name]

    def __missing__(self, name: str) -> str:
        """Determine the library of a module."""
        self[name] = library = self._find(name)
        return library

    def _find(self, name: str) -> str:
        for library, companions in _COMPANIONS.items():
            if any(is_within(name, companion) for companion in companions):
                return library
        top = name.partition(".")[0]
        owners = (each for each in self._tops if _is_private(top, each))
        return next(owners, top) if top[:1] == "_" else top


def _is_private(top: str, library: str) -> bool:
    """Return whether a library is part of another (``_plotly_utils`` of plotly)."""
    if top in sys.stdlib_module_names:
        return False
    return top == f"_{library}" or top.startswith(f"_{library}_")
