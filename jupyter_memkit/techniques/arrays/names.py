"""The variables that are packed or shrunk, and who else has their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.holders import holders
from jupyter_memkit.techniques.namespaces import Namespace, check_name

# To look for who holds a value takes up to some seconds.
_BUDGET_S = 5.0
_SEARCHED_BYTES = 1 << 20

Tick = Callable[[int], object]


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
        check_name(name, namespace)
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
