"""Defers signals that arrive in a hook of IPython's until the user's cell runs.

IPython catches what a hook raises, prints it, and runs the cell. A signal is handled
between two instructions of Python, whichever they are: raised in a hook, the
``KeyboardInterrupt`` of Ctrl-C would end the hook, and the cell would go on.
"""

from __future__ import annotations

import _thread
import contextlib
import functools
import logging
import signal
import threading
import weakref
from collections.abc import Callable
from types import FrameType, FunctionType, MethodType
from typing import Any, ParamSpec

from IPython.core.events import EventManager
from IPython.core.interactiveshell import InteractiveShell

_logger = logging.getLogger(__name__)

_Parameters = ParamSpec("_Parameters")

# Calls the code of a cell.
_RUNS_CODE = InteractiveShell.run_code.__code__
# Called around it: an exception in one of these is none of the cell's.
_AROUND_CODE = {
    EventManager.trigger.__code__,
    InteractiveShell.run_cell.__code__,
    InteractiveShell.run_cell_async.__code__,
}


def defers_signals(hook: Callable[_Parameters, None]) -> Callable[_Parameters, None]:
    """Decorate a hook: signals that arrive in it strike in the user's cell.

    In ``pre_run_cell`` that is the cell that begins. In ``post_run_cell`` it is the
    cell that has started the one that ends; without such a cell nothing is left to
    interrupt, and a ``KeyboardInterrupt`` ends there. What fails in the hook itself is
    logged, and the cell runs.

    Ctrl-C waits until the hook has done its work. A handler of another signal runs at
    once, and what it raises is raised again in the cell: to replace it for the length
    of a hook would take away what a library has set beside it (``siginterrupt``, a
    handler in C).

    Parameters
    ----------
    hook : callable
        A function or method that IPython calls at an event.

    Returns
    -------
    callable
        The same; on other threads than the main one, which never handle signals, it
        does nothing more.
    """

    @functools.wraps(hook)
    def deferring(*arguments: _Parameters.args, **options: _Parameters.kwargs) -> None:
        try:
            deferral = _Deferral()
            deferral.begin()
        except BaseException as error:  # noqa: BLE001 - raised again in the cell
            deferral = _Deferral()
            deferral.keep(error)
        try:
            hook(*arguments, **options)
        except BaseException as error:  # noqa: BLE001 - as above
            deferral.keep(error)
        try:
            deferral.end()
        except BaseException as error:  # noqa: BLE001 - as above
            deferral.keep(error)
            deferral.end()

    return deferring


class _Deferral:
    """What arrives in one hook."""

    def __init__(self) -> None:
        self._is_main = threading.current_thread() is threading.main_thread()
        self._handler: Any = None
        self._has_interrupt = False
        self._errors: list[BaseException] = []

    def begin(self) -> None:
        """Let Ctrl-C wait from here on."""
        if not self._is_main:
            return
        self._handler = signal.getsignal(signal.SIGINT)
        if callable(self._handler):
            signal.signal(signal.SIGINT, self._take)

    def keep(self, error: BaseException) -> None:
        """Keep what a handler of a signal raised; log what is a fault of the hook."""
        if self._is_main and _is_of_handler(error):
            self._errors.append(error.with_traceback(None))
        else:
            # The user's cell must run whatever happens to its account.
            _logger.error("a hook of IPython's failed", exc_info=error)

    def end(self) -> None:
        """Restore the handler, or let what has arrived wait for the cell."""
        if callable(self._handler):
            signal.signal(signal.SIGINT, self._handler)
        if self._has_interrupt or self._errors:
            if self._handler is None:
                self._handler = signal.getsignal(signal.SIGINT)
            signal.signal(signal.SIGINT, self._strike)
            _thread.interrupt_main()

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self._has_interrupt = True

    def _strike(self, number: int, frame: FrameType | None) -> object:
        """Hand on what waits, where it belongs; elsewhere ask to be called again."""
        __tracebackhide__ = True
        is_in_cell = _is_in_cell(frame)
        if is_in_cell is False:
            return _LastBreath()
        signal.signal(signal.SIGINT, self._handler)
        errors, self._errors = self._errors, []
        for error in errors:
            if is_in_cell or not isinstance(error, KeyboardInterrupt):
                raise error
        if is_in_cell and self._has_interrupt:
            # Python calls the handler, and the traceback has no frame of this file.
            return _LastBreath()
        if self._has_interrupt:
            with contextlib.suppress(KeyboardInterrupt):
                self._handler(number, frame)
        return None


class _LastBreath:
    """Interrupts the main thread when nothing refers to it any more.

    A handler that interrupts by itself is called in its own frame, again and again.
    What it returns Python drops when that frame is gone, and a callback in C runs none.
    """

    def __init__(self) -> None:
        interrupts = iter(_thread.interrupt_main, object())
        self._reference = weakref.ref(self, functools.partial(next, interrupts))


def _is_in_cell(frame: FrameType | None) -> bool | None:
    """Return whether a frame belongs to the code of a cell; None where no cell runs."""
    called = ""
    while frame is not None:
        if frame.f_code in _AROUND_CODE:
            return False
        if frame.f_code is _RUNS_CODE:
            # What it does itself, such as its imports, is not yet the cell's.
            return called == "<module>"
        called = frame.f_code.co_name
        frame = frame.f_back
    return None


def _is_of_handler(error: BaseException) -> bool:
    """Return whether an exception was raised by the handler of a signal."""
    if not isinstance(error, Exception):
        return True
    handlers = map(signal.getsignal, signal.valid_signals())
    codes = {_find_code(handler) for handler in handlers if callable(handler)}
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code in codes:
            return True
        traceback = traceback.tb_next
    return False


def _find_code(handler: Any) -> Any:
    """Return the code that a callable runs; None where it is written in C."""
    if isinstance(handler, functools.partial):
        return _find_code(handler.func)
    if isinstance(handler, MethodType):
        handler = handler.__func__
    if not isinstance(handler, FunctionType):
        handler = type(handler).__call__
    return getattr(handler, "__code__", None)
