"""Lists the loaded libraries for the page, and unloads one at its request."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from jupyter_memkit import protocol
from jupyter_memkit.channel.listing import truncate
from jupyter_memkit.errors import UnloadError
from jupyter_memkit.techniques.unloading import Libraries, Library, libraries, unload
from jupyter_memkit.techniques.unloading.listing import find_listed
from jupyter_memkit.techniques.unloading.naming import find_key

_MOST_LIBRARIES = 200
# A row shows fewer.
_MOST_NAMES = 20


def read_libraries(shell: Any, *, budget_s: float) -> protocol.Libraries:
    """List the loaded libraries, and build the reply with them.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    budget_s : float
        The time limit of the counting, in seconds.
    """
    started_s = time.perf_counter()
    found = libraries(shell.user_ns, budget_s=budget_s)
    return libraries_message(found, time.perf_counter() - started_s)


def libraries_message(found: Libraries, took_s: float) -> protocol.Libraries:
    """Build the reply with the libraries, listed in a time in seconds."""
    return {
        "type": "libraries",
        "protocol": protocol.PROTOCOL_VERSION,
        "libraries": [_library(each) for each in found.libraries[:_MOST_LIBRARIES]],
        "more": max(0, len(found.libraries) - _MOST_LIBRARIES),
        "complete": found.complete,
        "took_s": took_s,
    }


def unload_library(name: str, shell: Any) -> protocol.Unloaded:
    """Unload a library that was listed, and build the reply.

    Parameters
    ----------
    name : str
        Its import name.
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.

    Raises
    ------
    UnloadError
        If it cannot be unloaded, or is not a library of the list. Nothing is changed.
    """
    if find_key(name, shell.user_ns) != name:
        message = (
            f"{name} is a name of another module in the notebook, so nothing was "
            f"unloaded; delete the name first: del {name}"
        )
        raise UnloadError(message)
    if name not in find_listed():
        message = (
            f"{name} is not one of the listed libraries, so nothing was unloaded; "
            "refresh the list"
        )
        raise UnloadError(message)
    done = unload(name, namespace=shell.user_ns)
    return {
        "type": "unloaded",
        "protocol": protocol.PROTOCOL_VERSION,
        "name": name,
        "freed_bytes": done.freed_bytes or 0,
        "modules": len(done.modules),
        "survivors": len(done.survivors),
        "holders": _names(dict.fromkeys(done.pinned_by.values())),
        "names": _names(done.names),
        "kept_names": _names(done.code_names),
    }


def _library(each: Library) -> protocol.ListedLibrary:
    return {
        "name": truncate(each.name),
        "bytes": each.bytes,
        "modules": each.modules,
        "names": _names(each.names),
        "users": _names(each.users),
        "reason": None if each.reason is None else truncate(each.reason),
    }


def _names(names: Iterable[str]) -> list[str]:
    return [truncate(each) for each in names][:_MOST_NAMES]
