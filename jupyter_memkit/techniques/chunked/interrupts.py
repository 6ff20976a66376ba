"""Lets Ctrl-C end a run only where nothing is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interrupts:
    """Ctrl-C, which waits except where it is allowed; a context for a whole run.

    Python raises it on the main thread only; on another nothing happens here.

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
        self._waiting: list[tuple[int, FrameType | None]] = []
        self._is_allowed = False
        self._handler: Callable[[int, FrameType | None], Any] | None = None

    def __enter__(self) -> Interrupts:  # noqa: PYI034 - Python 3.10 has no Self
        """Let interrupts wait from here on."""
        handler = signal.getsignal(signal.SIGINT)
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and callable(handler):
            self._handler = handler
            signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_error: object) -> None:
        """Raise an interrupt that waits."""
        handler, self._handler = self._handler, None
        if handler is None:
            return
        signal.signal(signal.SIGINT, handler)
        if self._waiting:
            handler(*self._waiting[0])

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let Ctrl-C, also one that waits, interrupt the block."""
        __tracebackhide__ = True
        self._is_allowed = True
        try:
            if self._waiting and self._handler is not None:
                self._handler(*self._waiting.pop(0))
            yield
        finally:
            self._is_allowed = False

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._is_allowed and self._handler is not None:
            # Once: what cleans up after it is not interrupted again.
            self._is_allowed = False
            self._handler(number, frame)
        else:
            self._waiting.append((number, frame))
