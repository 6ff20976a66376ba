"""Where variables are that the user names, and the refusal of a name that is none."""

from __future__ import annotations

import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

from jupyter_memkit.errors import MemkitError, suggest
from jupyter_memkit.measure.hidden import find_shell

Namespace = MutableMapping[str, Any]


def find_namespace(namespace: Namespace | None, shell: Any) -> Namespace:
    """Return where names are looked up: the shell's, or that of the program."""
    if namespace is not None:
        return namespace
    shell = shell or find_shell()
    return vars(sys.modules["__main__"]) if shell is None else shell.user_ns


def check_name(name: str, namespace: Mapping[str, Any]) -> None:
    """Refuse a name that is no variable.

    Raises
    ------
    MemkitError
        With the name that may have been meant.
    """
    if name not in namespace:
        remedy = suggest(name, namespace, "%memls lists what there is")
        message = f"there is no variable {name!r}; {remedy}"
        raise MemkitError(message)
