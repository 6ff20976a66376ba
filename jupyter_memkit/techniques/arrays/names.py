"""Finds the variables to pack or shrink, and what else holds their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.holders import holders
from jupyter_memkit.techniques.namespaces import Namespace, check_name

# Searching for the holders of a value can take some seconds.
_BUDGET_S = 5.0
_SEARCHED_BYTES = 1 << 20

Tick = Callable[[int], object]


def group_names(names: Iterable[str], namespace: Namespace) -> list[list[str]]:
    """Return the names, grouped by object.

    Raises
    ------
    MemkitError
        If a name is not a variable.

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
    """Return the result of a call; prefix its errors with the name.

    Raises
    ------
    MemkitError
        The error of the call.
    """
    try:
        return call()
    except MemkitError as error:
        message = f"{name} was not changed: {error}"
    # Not raised from the other, whose traceback would keep the value alive.
    raise MemkitError(message)


def find_chains(
    value: Any, n_bytes: int, shell: Any, progress: Tick | None
) -> tuple[str, ...]:
    """Return some of the chains that lead to a value.

    Parameters
    ----------
    value : object
        The value.
    n_bytes : int
        Its size; small values are not searched for.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell whose outputs are searched.
    progress : callable, optional
        Called with the number of objects searched so far.

    Returns
    -------
    tuple of str
        The chains; empty if none is found.
    """
    if n_bytes < _SEARCHED_BYTES:
        return ()
    found = holders(value, shell=shell, budget_s=_BUDGET_S, progress=progress)
    return tuple(chain.text for chain in found.chains)
