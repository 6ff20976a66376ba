"""The one thread that reads memory while cells run."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

_logger = logging.getLogger(__name__)

# Without a high-water mark a peak is only as good as its samples.
SAMPLED_INTERVAL_S = 0.01


class Sampler:
    """Calls a function again and again on a daemon thread.

    Parameters
    ----------
    tick : callable
        What to do; an exception of its is logged once and ends nothing.
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
        """Start the thread; starting it again changes nothing."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(
                target=self._run, name="memkit-sampler", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it; stopping it again changes nothing."""
        if self._thread is not None:
            self._stopping = True
            self._wake.set()
            if self._thread is not threading.current_thread():
                self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Make the thread ask for its interval anew, if that has become shorter.

        Else nothing is done, for a thread that wakes takes the time of a cell.
        """
        if self._interval_s() < self._waiting_s:
            self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            # Whoever wakes while the interval is asked for is heard.
            self._waiting_s = math.inf
            self._waiting_s = self._interval_s()
            if self._wake.wait(self._waiting_s):
                self._wake.clear()
                continue
            try:
                self._tick()
            except Exception:
                # A failure of ours must not end the readings, nor fill the log.
                if not self._has_failed:
                    self._has_failed = True
                    _logger.exception("a reading failed; later failures stay silent")
