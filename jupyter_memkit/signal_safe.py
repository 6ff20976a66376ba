"""Calls functions in places that swallow exceptions from signal handlers.

IPython catches KeyboardInterrupt in its hooks and runs the cell anyway. A signal that
arrives there is handled at the next bytecode, which in a Python function is its first,
before any of its ``try`` blocks. A generator, however, resumes inside its ``try``, and
its ``send`` is written in C. Therefore such a call is a generator: signals that it
catches, and those that arrive while the function runs, are sent again afterwards.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # without an enum for each answer
import _thread
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Generator
from operator import attrgetter
from types import CodeType
from typing import Any

_logger = logging.getLogger(__name__)

_SIGNALS = tuple(sorted(signal.valid_signals()))
_CHECK_S = 0.001


class SignalSafe(threading.local):
    """A callback that is not a Python function, and does not lose Ctrl-C.

    Parameters
    ----------
    function : callable
        Called with one argument; it is not interrupted, and its exceptions are logged.
    inside : collection of code
        Code whose frames swallow exceptions, in addition to its own.
    is_due : callable, optional
        Returns whether an interrupt that arrived meanwhile still has something to
        interrupt; always true by default.

    Examples
    --------
    >>> call = SignalSafe(print)
    >>> call("once")
    once
    """

    # Looked up on the type and called, so that there is no Python frame in between.
    __call__ = property(attrgetter("_send"))

    # Called on each thread that calls it, because a generator serves one thread.
    def __init__(
        self,
        function: Callable[[Any], object],
        inside: Collection[CodeType] = (),
        is_due: Callable[[], bool] = lambda: True,
    ) -> None:
        calls = _serve(function, {_serve.__code__, *inside}, is_due)
        next(calls)
        self._send = calls.send


def _serve(
    function: Callable[[Any], object],
    inside: Collection[CodeType],
    is_due: Callable[[], bool],
) -> Generator[None, Any, None]:
    hold = _Hold()
    while True:
        # An exception of a handler is caught wherever it is raised, and the loop
        # continues.
        try:
            while True:
                hold.end()
                if hold.numbers:
                    if is_due():
                        _send_again(tuple(hold.numbers), inside)
                    hold.numbers.clear()
                # Keep no reference to a cell until the next one.
                argument = None
                argument = yield
                hold.begin()
                _call(function, argument)
        except KeyboardInterrupt:  # noqa: PERF203 - the loop continues
            hold.numbers.append(signal.SIGINT)
        except Exception:
            _logger.exception("a signal's handler failed")


class _Hold:
    """Records signals that have Python handlers instead of calling those."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        # Other threads receive no signals.
        is_main = threading.current_thread() is threading.main_thread()
        self._watched = _SIGNALS if is_main else ()
        self._replaced: dict[int, Any] = {}

    def begin(self) -> None:
        for number in self._watched:
            handler = _signal.getsignal(number)
            if callable(handler):
                self._replaced[number] = handler
                _signal.signal(number, self._note)

    def end(self) -> None:
        """Restore the handlers; if interrupted, the next call continues."""
        while self._replaced:
            number = next(reversed(self._replaced))
            _signal.signal(number, self._replaced[number])
            del self._replaced[number]

    def _note(self, number: int, _frame: object) -> None:
        self.numbers.append(number)


def _call(function: Callable[[Any], object], argument: Any) -> None:
    try:
        function(argument)
    except Exception:
        # A failure here must not stop the user's code.
        _logger.exception("%r failed", function)


def _send_again(numbers: Collection[int], inside: Collection[CodeType]) -> None:
    """Send signals as soon as the main thread has left the code that swallows them."""
    main = threading.main_thread().ident or 0

    def wait() -> None:
        while _is_inside(main, inside):
            time.sleep(_CHECK_S)
        for number in numbers:
            if hasattr(signal, "pthread_kill"):
                # This also interrupts a sleep.
                signal.pthread_kill(main, number)
            else:
                _thread.interrupt_main(number)  # type: ignore[arg-type] # any number

    threading.Thread(target=wait, name="memkit-signals", daemon=True).start()


def _is_inside(thread: int, codes: Collection[CodeType]) -> bool:
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - it has no public name
    while frame is not None:
        if frame.f_code in codes:
            return True
        frame = frame.f_back
    return False
