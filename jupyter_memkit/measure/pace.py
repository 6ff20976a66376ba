"""Limits repeated background work to a share of the time."""

from __future__ import annotations

from collections.abc import Callable

_SHARE = 1 / 400


class Pace:
    """Determines when work may be repeated, to limit its share of the time.

    Parameters
    ----------
    clock : callable
        Returns the time in seconds.
    cost : callable
        Returns the CPU time of this thread in seconds, which does not include waiting.
    share : float
        The largest share of the time of one core.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        cost: Callable[[], float],
        share: float = _SHARE,
    ) -> None:
        self._clock = clock
        self._cost = cost
        self._share = share
        self._next_s = float("-inf")

    def is_due(self) -> bool:
        """Return whether enough time has passed since the last run."""
        return self._clock() >= self._next_s

    def timed(self, function: Callable[[], None]) -> None:
        """Do the work, whose cost determines when it is due again."""
        before_s = self._cost()
        function()
        self._next_s = self._clock() + (self._cost() - before_s) / self._share
