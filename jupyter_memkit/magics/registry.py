"""Registers magics reversibly, for which IPython has no function."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from IPython.core.magic import Magics

from jupyter_memkit.magics.interrupted import hide_own_frames


def register(shell: Any, magics: Magics, undo: ExitStack) -> None:
    """Register the magics of one object with a shell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell to extend.
    magics : Magics
        The object that holds them; its ``close()``, if it has one, ends what its magics
        started.
    undo : ExitStack
        Receives the callbacks that restore the previous magics of these names.
    """
    manager = shell.magics_manager
    for kind, functions in magics.magics.items():
        table = manager.magics[kind]
        for name in functions:
            undo.callback(_restore, table, name, table.get(name), magics)
    undo.callback(manager.registry.pop, type(magics).__name__, None)
    undo.callback(_remove_configurable, shell, magics)
    manager.register(magics)
    for kind, functions in magics.magics.items():
        for name in functions:
            manager.magics[kind][name] = _wrap(manager.magics[kind][name])
    if hasattr(magics, "close"):
        undo.callback(magics.close)


def _wrap(magic: Any) -> Any:
    """Return a magic whose traceback on Ctrl-C leaves out our frames."""
    wrapped: Any = hide_own_frames(magic)
    wrapped.__self__ = magic.__self__
    return wrapped


def _restore(table: dict[str, Any], name: str, before: Any, magics: Magics) -> None:
    """Restore a name, unless another extension has taken it meanwhile."""
    if getattr(table.get(name), "__self__", None) is not magics:
        return
    if before is None:
        del table[name]
    else:
        table[name] = before


def _remove_configurable(shell: Any, magics: Magics) -> None:
    """Remove an object from the list to which IPython added it on creation."""
    shell.configurables[:] = [
        each for each in shell.configurables if each is not magics
    ]
