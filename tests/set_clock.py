"""A clock that a test sets."""

from __future__ import annotations


class SetClock:
    """A clock set by the test."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        """Return the time that was set."""
        return self.now_s
