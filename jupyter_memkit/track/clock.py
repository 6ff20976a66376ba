"""The time of day, made fit to order readings by."""

from __future__ import annotations

import time
from collections.abc import Callable


class ForwardClock:
    """Seconds since the epoch that never run backwards.

    The wall clock is set back by people and by NTP; a history in its time would
    then be out of order. This clock follows the wall clock forwards, also over a
    suspended night, and goes on by the monotonic clock where the wall falls behind.

    Parameters
    ----------
    wall, monotonic : callable
        The two clocks, in seconds.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        # One tuple, so that a thread never sees half of an update.
        self._anchor = (wall(), monotonic())

    def __call__(self) -> float:
        """Return the time now."""
        then, mark = self._anchor
        monotonic = self._monotonic()
        now = max(self._wall(), then + monotonic - mark)
        self._anchor = (now, monotonic)
        return now
