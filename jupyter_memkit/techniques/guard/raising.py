"""Raises an error in another thread, which gets no signals."""

from __future__ import annotations

import ctypes
import threading


def raise_in(thread: threading.Thread, kind: type[BaseException]) -> None:
    """Raise an error of a type, without arguments, at the thread's next instruction."""
    _set_error(thread, ctypes.py_object(kind))


def cancel_in(thread: threading.Thread) -> None:
    """Cancel an error that has not been raised yet."""
    _set_error(thread, None)


def _set_error(thread: threading.Thread, kind: ctypes.py_object[type] | None) -> None:
    number = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(number, kind)
