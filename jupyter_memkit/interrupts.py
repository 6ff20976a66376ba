"""Delays Ctrl-C until an interruption cannot leave anything half done."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # does not build enums
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = tuple(sorted(signal.valid_signals()))


class Interrupts:
    """A context in which Ctrl-C waits, except where it is allowed.

    Python runs the handlers of signals on the main thread only; on another thread this
    class has no effect.

    Parameters
    ----------
    numbers : iterable of int
        The signals; by default all that have a handler in Python, since any handler
        can raise.
    divert : callable, optional
        Called before a signal waits, to pass it on to another process; it returns
        whether it did, and otherwise the signal waits.

    Examples
    --------
    >>> with Interrupts() as interrupts:
    ...     with interrupts.allowed():
    ...         "may be interrupted"
    ...     "runs to its end"
    'may be interrupted'
    'runs to its end'
    >>> def divert():
    ...     print("diverted")
    ...     return True
    >>> with Interrupts([signal.SIGINT], divert=divert):
    ...     signal.raise_signal(signal.SIGINT)
    diverted
    """

    def __init__(
        self,
        numbers: Iterable[int] = _SIGNALS,
        *,
        divert: Callable[[], bool] | None = None,
    ) -> None:
        self._numbers = numbers
        self._divert = divert
        # Once each, like pending signals in the system.
        self._waiting: dict[int, FrameType | None] = {}
        self._is_allowed = self._is_repeated = False
        self._n_held = 0
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def __enter__(self) -> Interrupts:  # noqa: PYI034 - Python 3.10 has no Self
        """Let signals wait from now on."""
        if _is_main_thread():
            try:
                self._replace()
            except BaseException:
                self._restore(list(self._handlers))
                raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Restore the handlers, and call those of the waiting signals."""
        _drop_last_take(trace)
        try:
            self._restore(list(self._handlers))
        finally:
            self._deliver()

    @contextmanager
    def allowed(self, *, repeatedly: bool = False) -> Iterator[None]:
        """Let Ctrl-C interrupt the block, including one that is already waiting.

        Parameters
        ----------
        repeatedly : bool
            Whether the block can be interrupted again after a handler has raised. By
            default, what cleans up after the first interrupt runs to its end.
        """
        __tracebackhide__ = True
        self._is_allowed, self._is_repeated = True, repeatedly
        try:
            self._deliver()
            yield
        finally:
            self._is_allowed = False

    def hold(self) -> None:
        """Let signals wait until `release`, even where they are allowed."""
        if _is_main_thread():
            self._n_held += 1

    def release(self) -> None:
        """Undo `hold`, and call the handlers of the waiting signals."""
        if not _is_main_thread():
            return
        self._n_held -= 1
        if self._is_allowed and not self._n_held:
            self._deliver()

    @property
    def is_waiting(self) -> bool:
        """Whether a signal waits."""
        return bool(self._waiting)

    def forget(self) -> None:
        """Drop the waiting signals, which arrived too late."""
        self._waiting.clear()

    def _replace(self) -> None:
        for number in self._numbers:
            handler = _signal.getsignal(number)
            if callable(handler):
                self._handlers[number] = handler
                _signal.signal(number, self._take)

    def _restore(self, numbers: list[int]) -> None:
        """Restore all handlers, even if one that is already restored raises."""
        try:
            while numbers:
                _signal.signal(numbers[-1], self._handlers[numbers[-1]])
                numbers.pop()
        finally:
            if numbers:
                self._restore(numbers)

    def _deliver(self) -> None:
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        if not self._waiting:
            return
        number, frame = self._waiting.popitem()
        try:
            self._handlers[number](number, frame)
        finally:
            # If one raises, the others are still called.
            self._deliver()

    def _take(self, number: int, frame: FrameType | None) -> None:
        __tracebackhide__ = True  # As in `_deliver`.
        if not self._is_allowed or self._n_held:
            if self._divert is None or not self._divert():
                self._waiting[number] = frame
            return
        self._is_allowed = self._is_repeated
        self._handlers[number](number, frame)
        self._is_allowed = True


def _drop_last_take(trace: TracebackType | None) -> None:
    """Remove the frame that called a handler from the end of a traceback.

    IPython shows the last frame even if it is to be hidden.
    """
    while trace is not None and trace.tb_next is not None:
        below = trace.tb_next
        is_take = below.tb_frame.f_code is Interrupts._take.__code__  # noqa: SLF001 - this module's
        if is_take and below.tb_next is None:
            trace.tb_next = None
        trace = trace.tb_next


def _is_main_thread() -> bool:
    return threading.get_ident() == threading.main_thread().ident
