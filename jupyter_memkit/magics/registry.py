"""Registers magics so that all of it can be undone; IPython has no call for that."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from IPython.core.magic import Magics

from jupyter_memkit.magics.interrupted import OwnFramesOnly


def register(shell: Any, magics: Magics, undo: ExitStack) -> None:
    """Register the magics of one object with a shell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        Where the magics will be known.
    magics : Magics
        The object that holds them; its ``close()``, if it has one, ends what its
        magics have begun.
    undo : ExitStack
        Gets the callbacks that restore what the names meant before.
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
    """Return a magic that Ctrl-C ends without the kit's frames."""
    wrapped: Any = OwnFramesOnly()(magic)
    wrapped.__self__ = magic.__self__
    return wrapped


def _restore(table: dict[str, Any], name: str, before: Any, magics: Magics) -> None:
    """Give a name back, unless somebody else has taken it in the meantime."""
    if getattr(table.get(name), "__self__", None) is not magics:
        return
    if before is None:
        del table[name]
    else:
        table[name] = before


def _remove_configurable(shell: Any, magics: Magics) -> None:
    """Take an object from the list in which IPython has put it when it was made."""
    shell.configurables[:] = [
        each for each in shell.configurables if each is not magics
    ]
