"""Looks up the variables that the user names, and refuses unknown names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.measure.unknown_names import explain_unknown

Namespace = MutableMapping[str, Any]

_PART_REMEDY = "give {variable}, or first assign the part to a variable"


def find_namespace(namespace: Namespace | None, shell: Any) -> Namespace:
    """Return the namespace for names: the shell's, or ``__main__``."""
    if namespace is not None:
        return namespace
    shell = shell or find_shell()
    return vars(sys.modules["__main__"]) if shell is None else shell.user_ns


def check_name(name: str, namespace: Mapping[str, Any]) -> None:
    """Refuse an unknown name.

    Raises
    ------
    MemkitError
        If there is no such variable; the message contains the remedy.
    """
    if name not in namespace:
        raise MemkitError(explain_unknown(name, namespace, _PART_REMEDY))


def group_names(names: Iterable[str], namespace: Namespace) -> list[list[str]]:
    """Group names that refer to the same object.

    Raises
    ------
    MemkitError
        For an unknown name.

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
    """Call a function, and prefix its error with the name.

    Raises
    ------
    MemkitError
        If the call raises one.
    """
    try:
        return call()
    except MemkitError as error:
        message = f"{name} was not changed: {error}"
    # Not in the handler: a context's traceback would keep the value alive.
    raise MemkitError(message)
