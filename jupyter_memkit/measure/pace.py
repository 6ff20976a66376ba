"""Keeps what is done again and again in the background to a share of the time."""

from __future__ import annotations

from collections.abc import Callable

# Of the time of one core.
_SHARE = 1 / 400


class Pace:
    """Tells when something may be done again, so that it takes a share of the time.

    Parameters
    ----------
    clock : callable
        The time in seconds.
    cost : callable
        The processor's time that this thread has taken, in seconds: while it waits
        for others it costs nothing.
    """

    def __init__(self, clock: Callable[[], float], cost: Callable[[], float]) -> None:
        self._clock = clock
        self._cost = cost
        self._next_s = float("-inf")

    def is_due(self) -> bool:
        """Return whether enough time has gone by since the last time."""
        return self._clock() >= self._next_s

    def timed(self, function: Callable[[], None]) -> None:
        """Do it, and let the time that it takes say when it is due again."""
        before_s = self._cost()
        function()
        self._next_s = self._clock() + (self._cost() - before_s) / _SHARE
