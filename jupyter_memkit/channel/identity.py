"""Identifies the object that a variable holds, without keeping it alive."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.cells.history import read_history
from jupyter_memkit.cells.usage import find_usage
from jupyter_memkit.errors import MemkitError


def write_token(value: Any, made_in: int | None) -> str:
    """Return a text that differs for another object.

    An address is used again for the next object of the same size, so the number of the
    cell that set the variable is a part of it.
    """
    return f"{id(value):x}-{id(type(value)):x}-{made_in or 0}"


def find_value(shell: Any, name: str, token: str) -> Any:
    """Return the value of a variable that was listed.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    name : str
        The variable.
    token : str
        What `write_token` returned for the value when it was listed.

    Raises
    ------
    MemkitError
        If the variable no longer exists, or holds another object.
    """
    variables: dict[str, Any] = shell.user_ns
    if name not in variables:
        message = f"{name} no longer exists, so nothing was changed; refresh the list"
        raise MemkitError(message)
    usage = find_usage(read_history(shell.user_ns))
    made_in = usage[name].made_in if name in usage else None
    if write_token(variables[name], made_in) != token:
        message = (
            f"{name} no longer refers to the listed object, so nothing was changed; "
            "refresh the list"
        )
        raise MemkitError(message)
    return variables[name]
