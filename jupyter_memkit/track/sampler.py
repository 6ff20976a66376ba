"""The thread that reads memory while cells run."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

_logger = logging.getLogger(__name__)

# Without a high-water mark, a peak is only as accurate as its samples.
SAMPLED_INTERVAL_S = 0.01


class Sampler:
    """Calls a function repeatedly on a daemon thread.

    Parameters
    ----------
    tick : callable
        The function; its exceptions are logged once and do not end the thread.
    interval_s : callable
        Returns the seconds to wait before the next call.
    """

    def __init__(
        self, tick: Callable[[], None], interval_s: Callable[[], float]
    ) -> None:
        self._tick = tick
        self._interval_s = interval_s
        self._wake = threading.Event()
        self._waiting_s = math.inf
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._has_failed = False

    def start(self) -> None:
        """Start the thread, unless it is running."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(
                target=self._run, name="memkit-sampler", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for it, if it is running."""
        if self._thread is not None:
            self._stopping = True
            self._wake.set()
            if self._thread is not threading.current_thread():
                self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Make the thread read its interval again if that has become shorter.

        Otherwise nothing happens, because waking a thread takes time from the cell.
        """
        if self._interval_s() < self._waiting_s:
            self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            # A wake-up while the interval is read is not lost.
            self._waiting_s = math.inf
            self._waiting_s = self._interval_s()
            if self._wake.wait(self._waiting_s):
                self._wake.clear()
                continue
            try:
                self._tick()
            except Exception:
                # Our errors must not end the readings or fill the log.
                if not self._has_failed:
                    self._has_failed = True
                    _logger.exception("a reading failed; later failures are not logged")
