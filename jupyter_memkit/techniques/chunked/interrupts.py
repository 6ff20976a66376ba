"""Lets Ctrl-C end a run only where nothing is half done."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # without an enum for each answer
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = tuple(sorted(signal.valid_signals()))


class Interrupts:
    """Ctrl-C, which waits except where it is allowed; a context for a whole run.

    So does every signal that has a handler of Python's, because any handler can raise.
    Python calls them on the main thread only; on another nothing happens here.

    Examples
    --------
    >>> with Interrupts() as interrupts:
    ...     with interrupts.allowed():
    ...         "may be interrupted"
    ...     "is done to its end"
    'may be interrupted'
    'is done to its end'
    """

    def __init__(self) -> None:
        # Once each, as the system keeps signals that wait.
        self._waiting: dict[int, FrameType | None] = {}
        self._is_allowed = False
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def __enter__(self) -> Interrupts:  # noqa: PYI034 - Python 3.10 has no Self
        """Let interrupts wait from here on."""
        if threading.current_thread() is threading.main_thread():
            try:
                self._replace()
            except BaseException:
                self._restore(list(self._handlers))
                raise
        return self

    def __exit__(self, *_error: object) -> None:
        """Call the handlers of signals that wait."""
        try:
            self._restore(list(self._handlers))
        finally:
            self._deliver()

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let Ctrl-C, also one that waits, interrupt the block."""
        __tracebackhide__ = True
        self._is_allowed = True
        try:
            self._deliver()
            yield
        finally:
            self._is_allowed = False

    def _replace(self) -> None:
        for number in _SIGNALS:
            handler = _signal.getsignal(number)
            if callable(handler):
                self._handlers[number] = handler
                _signal.signal(number, self._take)

    def _restore(self, numbers: list[int]) -> None:
        """Put handlers back, also where one that is back already raises."""
        try:
            while numbers:
                _signal.signal(numbers[-1], self._handlers[numbers[-1]])
                numbers.pop()
        finally:
            if numbers:
                self._restore(numbers)

    def _deliver(self) -> None:
        __tracebackhide__ = True
        if not self._waiting:
            return
        number, frame = self._waiting.popitem()
        try:
            self._handlers[number](number, frame)
        finally:
            # Where one raises, the others are called all the same.
            self._deliver()

    def _take(self, number: int, frame: FrameType | None) -> None:
        if not self._is_allowed:
            self._waiting[number] = frame
            return
        # What cleans up after a handler that raises is not interrupted again.
        self._is_allowed = False
        self._handlers[number](number, frame)
        self._is_allowed = True
