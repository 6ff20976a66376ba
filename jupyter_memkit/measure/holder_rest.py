"""Prepares the search for what would still hold an object without other holders.

A value can be held along several paths, and a search returns one for each direct
referrer. So what a remedy removes is left out, and the search is repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from jupyter_memkit.measure.hidden import (
    find_managers,
    find_results,
    is_output_name,
)
from jupyter_memkit.measure.holder_search import Origin, Root
from jupyter_memkit.measure.scripts import read_scripts
from jupyter_memkit.measure.sizes.identity import contains_identical

_OUTPUTS = ("Out", "_oh")
_LASTING: tuple[Origin, ...] = ("module", "registered", "thread", "variable")


@dataclass(frozen=True, slots=True)
class Removal:
    """What a remedy removes.

    Attributes
    ----------
    names : frozenset of str
        The variables that it deletes, with the copies that IPython keeps of them.
    origins : frozenset of str
        The kinds of hidden holders that it empties, such as ``"output"``.
    holders : tuple of object
        Other objects that release what they hold.
    """

    names: frozenset[str] = frozenset()
    origins: frozenset[Origin] = frozenset()
    holders: tuple[Any, ...] = ()


def leave_out(
    removal: Removal, roots: list[Root], shell: Any
) -> tuple[list[Root], list[Any]]:
    """Leave out what is removed.

    Parameters
    ----------
    removal : Removal
        What is removed.
    roots : list of Root
        Where a search starts.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell whose copies are removed as well.

    Returns
    -------
    roots : list of Root
        The roots that remain.
    ends : list of object
        Objects where the search ends.
    """
    removed = [
        value
        for root in roots
        if _is_users(root)
        for name, value in root.value.items()
        if name in removal.names
    ]
    ends = [*removal.holders, *_find_ends(removal, removed, shell)]
    return list(_filter(removal, roots, removed)), ends


def _filter(removal: Removal, roots: list[Root], removed: list[Any]) -> Iterator[Root]:
    for root in roots:
        if _is_users(root):
            # Outputs are themselves roots.
            names = {
                name: value
                for name, value in root.value.items()
                if name not in removal.names
                and name not in _OUTPUTS
                and not is_output_name(str(name))
            }
            yield replace(root, value=names)
        elif root.origin in _LASTING or not (
            root.origin in removal.origins or contains_identical(removed, root.value)
        ):
            yield root


def _is_users(root: Root) -> bool:
    return root.is_namespace and root.origin == "variable"


def _find_ends(removal: Removal, removed: list[Any], shell: Any) -> Iterator[Any]:
    """Yield what keeps hidden copies, each of which is itself a root."""
    for manager in find_managers().values():
        is_closed = contains_identical(removed, manager.canvas.figure)
        if is_closed or "figure" in removal.origins:
            yield manager
    if shell is None:
        return
    yield getattr(shell.history_manager, "outputs", None)
    yield from read_scripts(shell).values()
    yield from find_results(shell)
    yield shell.displayhook
    yield shell.user_ns_hidden
    yield getattr(shell.history_manager, "output_hist", None)
    yield from map(shell.user_ns.get, _OUTPUTS)
