"""Empties the namespaces of modules, as the interpreter does when it shuts down."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from types import FrameType, FunctionType, ModuleType
from typing import Any

from jupyter_memkit.errors import UnloadError
from jupyter_memkit.techniques.unloading.removal import (
    Removal,
    find_code,
    find_home,
    is_a,
    is_compiled,
    read_attributes,
)
from jupyter_memkit.techniques.unloading.rules import join
from jupyter_memkit.techniques.unloading.traces import exit_callbacks
from jupyter_memkit.techniques.unloading.uses import find_users


def check_deep(removal: Removal, namespace: Mapping[str, Any], *, names: bool) -> None:
    """Raise an error if something would keep using an emptied module.

    Parameters
    ----------
    removal : Removal
        The modules.
    namespace : mapping
        The user's names.
    names : bool
        Whether names bound to functions and classes will be deleted.

    Raises
    ------
    UnloadError
        If something would; the message contains the reason and the remedy.
    """
    what = join(removal.roots[:1])
    code = find_code(namespace, removal.modules)
    if code and not names:
        message = (
            f"{what} cannot be emptied while names are bound to its functions and "
            f"classes: {join(code)}; add --names to delete them too"
        )
        raise UnloadError(message)
    users = find_users(removal)
    if users:
        message = (
            f"{what} cannot be emptied while other libraries use it: {join(users)}; "
            "name them too, or leave out --deep"
        )
        raise UnloadError(message)
    reasons = (
        *_find_threads(removal),
        *_find_compiled_users(removal),
        *_find_exit_callbacks(removal),
    )
    for reason in reasons:
        message = f"{what} cannot be emptied: {reason}; leave out --deep"
        raise UnloadError(message)


def find_namespaces(removal: Removal) -> list[dict[str, Any]]:
    """Return the namespaces of the modules written in Python, the last import first."""
    found = [
        read_attributes(module)
        for module in removal.modules.values()
        if is_a(module, ModuleType) and not is_compiled(module)
    ]
    return found[::-1]


def empty(namespace: dict[str, Any]) -> None:
    """Set all names to None: first those with one underscore, then the others.

    CPython does the same in the same order at exit (``_PyModule_ClearDict``), so the
    finalizers of a library have usually been exercised this way.
    """
    for name in list(namespace):
        if name[:1] == "_" and name[1:2] != "_":
            namespace[name] = None
    for name in list(namespace):
        if name != "__builtins__":
            namespace[name] = None


def _find_threads(removal: Removal) -> Iterator[str]:
    """Yield a reason for each thread that is running the library's code."""
    threads = {each.ident: each.name for each in threading.enumerate()}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - it has no public name
        each: FrameType | None = frame
        while each is not None:
            name = each.f_globals.get("__name__")
            if removal.has(name):
                thread = threads.get(ident, str(ident))
                yield f"the thread {thread} runs its code"
            each = each.f_back


def _find_compiled_users(removal: Removal) -> Iterator[str]:
    """Yield a reason for each compiled module that would call emptied functions.

    Such a module is loaded once per process: a second import returns the same module,
    with the functions that it looked up the first time.
    """
    for name, module in removal.modules.items():
        if not is_compiled(module):
            continue
        for value in dict(read_attributes(module)).values():
            home = removal.modules.get(find_home(value))
            is_code = is_a(value, (FunctionType, ModuleType))
            if is_code and home is not None and not is_compiled(home):
                yield (
                    f"its compiled module {name} is loaded once per process, and would "
                    f"use the emptied {value.__name__} after a second import"
                )


def _find_exit_callbacks(removal: Removal) -> Iterator[str]:
    for name in exit_callbacks.find_kept(removal):
        yield f"{name} will be called at the end of the process"
