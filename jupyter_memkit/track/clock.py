"""A clock that is suitable for ordering readings."""

from __future__ import annotations

import time
from collections.abc import Callable


class ForwardClock:
    """Seconds since the epoch that never go backwards.

    Users and NTP can set the wall clock back, which would put a history out of order.
    This clock follows the wall clock forwards, also after the machine was suspended,
    and continues with the monotonic clock when the wall clock falls behind.

    Parameters
    ----------
    wall, monotonic : callable
        The two clocks, which return seconds.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        # One tuple, so that a thread never sees a partial update.
        self._anchor = (wall(), monotonic())

    def __call__(self) -> float:
        """Return the current time."""
        then, mark = self._anchor
        monotonic = self._monotonic()
        now = max(self._wall(), then + monotonic - mark)
        self._anchor = (now, monotonic)
        return now
