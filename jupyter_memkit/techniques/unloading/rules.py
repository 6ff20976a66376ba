"""Determines which modules cannot be unloaded, and why."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from types import FunctionType
from typing import Any

from jupyter_memkit.errors import UnloadError
from jupyter_memkit.techniques.unloading.instances import find_classes
from jupyter_memkit.techniques.unloading.kernel import is_kernel
from jupyter_memkit.techniques.unloading.naming import find_removal
from jupyter_memkit.techniques.unloading.removal import (
    Removal,
    find_home,
    is_a,
    is_compiled,
    read_attributes,
)

# jax, numpy and polars were observed to fail when imported a second time; the others
# are known to.
_LOADS_ONCE = {
    "jax": "its core registers its types once per process",
    "jaxlib": "its core registers its types once per process",
    "numpy": "its C core is loaded once per process",
    "polars": "its Rust core keeps the classes of the first import",
    "tensorflow": "its C++ core registers its operations once per process",
    "torch": "its C++ core registers its functions once per process",
}

# Not the plain attributes, which a metaclass can override.
_read_dict = type.__dict__["__dict__"].__get__
_read_mro = type.__dict__["__mro__"].__get__

_REMEDY = "restart the kernel to get rid of it, and use it under %%isolated next time"


def check(key: str, namespace: Mapping[str, Any]) -> None:
    """Raise an error if a module cannot be unloaded.

    Parameters
    ----------
    key : str
        The module's key in ``sys.modules``.
    namespace : mapping
        The user's names.

    Raises
    ------
    UnloadError
        If it cannot; the message contains the reason and the remedy.
    """
    removal = find_removal(key)
    classes = find_classes(namespace)
    live = [
        name for name, kinds in classes.items() if any(map(removal.owns_class, kinds))
    ]
    reason = find_reason(key, removal)
    if reason is not None:
        # What the kernel needs keeps its memory, and its objects are often IPython's.
        if live and _find_need(key) is None:
            reason += f"; delete its objects instead: {join(live)}"
        raise UnloadError(reason)
    if live:
        message = (
            f"{key} stays while its objects are alive, because a second import would "
            f"not recognize them; delete them first: {join(live)}"
        )
        raise UnloadError(message)


def find_reason(key: str, removal: Removal) -> str | None:
    """Return why a module cannot be unloaded at all now; None if it can."""
    need = _find_need(key)
    if need is not None:
        return need
    top = key.partition(".")[0]
    if top in _LOADS_ONCE:
        return (
            f"{key} stays: {_LOADS_ONCE[top]}, so importing it again would fail; "
            f"{_REMEDY}"
        )
    importing = [name for name, each in removal.modules.items() if _is_importing(each)]
    if importing:
        return f"{importing[0]} is being imported right now; unload {key} afterwards"
    return _find_shared(key, removal) or _find_kept_class(key, removal)


def _find_need(key: str) -> str | None:
    """Return why the kernel needs a module; None if it does not."""
    top = key.partition(".")[0]
    if key == "__main__":
        return "__main__ stays: it is your own namespace; delete single names with del"
    if top in sys.stdlib_module_names:
        return (
            f"{key} stays: the standard library takes little memory, and other code "
            "depends on it; to drop only your name for it, use del"
        )
    if is_kernel(top):
        return (
            f"{key} stays: this kernel runs on it; restart the kernel to get rid of it"
        )
    return None


def _find_shared(key: str, removal: Removal) -> str | None:
    """Return why a namespace package that distributions may share is refused."""
    if read_attributes(removal.modules.get(key)).get("__file__") is not None:
        return None
    depth = key.count(".") + 1
    parts = sorted(name for name in removal.modules if name.count(".") == depth)
    if not parts:
        return None
    return (
        f"{key} is a namespace package that several distributions may share; name the "
        f"parts to unload: {' '.join(parts)}"
    )


def _find_kept_class(key: str, removal: Removal) -> str | None:
    """Return why a compiled module would not recognize classes of a second import.

    Such a module is loaded once per process. A second import returns the same module,
    with the classes of the library's Python modules that it looked up the first time.
    """
    for name, module in removal.modules.items():
        if not is_compiled(module):
            continue
        for value in dict(read_attributes(module)).values():
            if not _is_written_in_python(value):
                continue
            home = removal.modules.get(find_home(value))
            if home is not None and not is_compiled(home):
                return (
                    f"{key} stays: it can be loaded only once per process, because its "
                    f"compiled module {name} would not recognize the {value.__name__} "
                    f"of a second import; {_REMEDY}"
                )
    return None


def _is_written_in_python(value: Any) -> bool:
    """Return whether a value is a class with Python methods; errors need none."""
    return (
        is_a(value, type)
        and not issubclass(value, BaseException)
        and any(
            type(each) is FunctionType
            for base in _read_mro(value)
            for each in _read_dict(base).values()
        )
    )


def _is_importing(module: object) -> bool:
    # The import system's own flag for this.
    spec = read_attributes(module).get("__spec__")
    return bool(getattr(spec, "_initializing", False))


def join(names: Collection[str]) -> str:
    """Join names, at most the first ten."""
    shown = sorted(names)
    if len(shown) > 10:
        return f"{', '.join(shown[:10])} and {len(shown) - 10} more"
    return ", ".join(shown)
