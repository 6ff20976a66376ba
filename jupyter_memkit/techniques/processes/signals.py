"""Ctrl-C while a child is at work: the child is to be told, nothing here may break."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any


class InterruptCount:
    """Counts Ctrl-C in a block instead of raising it; the second one calls a function.

    Python takes signals on the main thread only; on another nothing happens here.

    Parameters
    ----------
    kill : callable
        What the second Ctrl-C calls: the child does not obey.

    Attributes
    ----------
    count : int
        How often it was pressed.

    Examples
    --------
    >>> with InterruptCount(lambda: None) as interrupts:
    ...     signal.raise_signal(signal.SIGINT)
    >>> interrupts.count
    1
    """

    def __init__(self, kill: Callable[[], None]) -> None:
        self.count = 0
        self._kill = kill
        self._handler: Any = None

    def __enter__(self) -> InterruptCount:  # noqa: PYI034 - Python 3.10 has no Self
        """Count from here on."""
        handler = signal.getsignal(signal.SIGINT)
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and callable(handler):
            self._handler = handler
            signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_error: object) -> None:
        """Let Ctrl-C do what it did."""
        handler, self._handler = self._handler, None
        if handler is not None:
            signal.signal(signal.SIGINT, handler)

    def _take(self, *_signal: object) -> None:
        self.count += 1
        if self.count > 1:
            self._kill()
