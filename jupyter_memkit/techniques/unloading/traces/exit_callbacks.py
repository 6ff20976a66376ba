"""The exit callbacks of a library, which are called now."""

from __future__ import annotations

import atexit
import contextlib
import inspect
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType
from typing import Any

from jupyter_memkit.techniques.unloading.removal import Removal, is_a, name_all

_TAKES_MANY = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def clear(removal: Removal) -> Iterator[str]:
    """Call and unregister the exit callbacks that take no arguments."""
    for callback in _find_callbacks(removal):
        if _takes_nothing(callback):
            atexit.unregister(callback)
            # As at exit, a failure does not stop the others, nor does `sys.exit`.
            with contextlib.suppress(Exception, SystemExit):
                callback()
            yield f"the exit callback {name_all([callback])[0]}, which was called"


class _Listener:
    """Equals nothing, and records what it is compared with."""

    __hash__ = None  # type: ignore[assignment] # it is only compared

    def __init__(self) -> None:
        self.met: list[Any] = []

    def __eq__(self, other: object) -> bool:
        self.met.append(other)
        return False


def _find_callbacks(removal: Removal) -> list[Callable[..., Any]]:
    """Return the callbacks of a library that are written in Python.

    `atexit` does not list them. It compares each callback with the one to be
    unregistered, so an object with its own ``__eq__`` sees them all.
    """
    listener = _Listener()
    atexit.unregister(listener)  # type: ignore[arg-type] # equals none of them
    return [
        each
        for each in listener.met
        if is_a(each, (FunctionType, MethodType)) and removal.owns(each)
    ]


def _takes_nothing(callback: Callable[..., Any]) -> bool:
    code = getattr(callback, "__code__", None)
    if code is None:
        return False
    count = code.co_argcount + code.co_kwonlyargcount
    return bool(not code.co_flags & _TAKES_MANY and count == is_a(callback, MethodType))
