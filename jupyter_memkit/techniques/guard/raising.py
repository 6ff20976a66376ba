"""Raises an error in another thread, which gets no signals."""

from __future__ import annotations

import ctypes
import threading


def raise_in(thread: threading.Thread, kind: type[BaseException]) -> None:
    """Raise an error of a type, without arguments, at the thread's next instruction.

    It is never cancelled, because in Python 3.11 a thread with a debugger would not
    get past its next call after that.
    """
    number = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(kind))
