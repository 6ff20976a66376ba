"""The variables that are packed or shrunk, and who else has their values."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from jupyter_memkit.errors import MemkitError, suggest
from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.measure.holders import holders

# To look for who holds a value takes up to some seconds.
_BUDGET_S = 5.0
_SEARCHED_BYTES = 1 << 20

Namespace = MutableMapping[str, Any]
Tick = Callable[[int], object]


def find_namespace(namespace: Namespace | None, shell: Any) -> Namespace:
    """Return where names are looked up: the shell's, or that of the program."""
    if namespace is not None:
        return namespace
    shell = shell or find_shell()
    return vars(sys.modules["__main__"]) if shell is None else shell.user_ns


def group_names(names: Iterable[str], namespace: Namespace) -> list[list[str]]:
    """Return the names, those of one object together.

    Raises
    ------
    MemkitError
        For a name that is no variable.

    Examples
    --------
    >>> data = [1, 2]
    >>> group_names(["a", "b", "c"], {"a": data, "b": [], "c": data})
    [['a', 'c'], ['b']]
    """
    groups: dict[int, list[str]] = {}
    for name in dict.fromkeys(names):
        if name not in namespace:
            remedy = suggest(name, namespace, "%memls lists what there is")
            message = f"there is no variable {name!r}; {remedy}"
            raise MemkitError(message)
        groups.setdefault(id(namespace[name]), []).append(name)
    return list(groups.values())


def naming(name: str, call: Callable[[], Any]) -> Any:
    """Return what a call returns; its refusal begins with the name.

    Raises
    ------
    MemkitError
        That of the call.
    """
    try:
        return call()
    except MemkitError as error:
        message = f"{name} stays as it is: {error}"
    # Not from the other: its traceback keeps the value alive.
    raise MemkitError(message)


def find_chains(
    value: Any, n_bytes: int, shell: Any, progress: Tick | None
) -> tuple[str, ...]:
    """Return the chains by which a value is reached, a few at most.

    Parameters
    ----------
    value : object
        What somebody else has.
    n_bytes : int
        Its size; for little nobody is looked for.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        Whose outputs are looked at.
    progress : callable, optional
        Called with the number of objects that were looked at so far.

    Returns
    -------
    tuple of str
        Empty when nobody is found.
    """
    if n_bytes < _SEARCHED_BYTES:
        return ()
    found = holders(value, shell=shell, budget_s=_BUDGET_S, progress=progress)
    return tuple(chain.text for chain in found.chains)
