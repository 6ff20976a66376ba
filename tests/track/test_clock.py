"""The clock that never runs backwards."""

from __future__ import annotations

from jupyter_memkit.track.clock import ForwardClock


class SetClock:
    """A clock that a test sets."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        """Return what was set."""
        return self.now_s


def test_follows_the_wall() -> None:
    """As long as nobody touches the wall clock, its time is the time."""
    wall, monotonic = SetClock(1000.0), SetClock(5.0)
    clock = ForwardClock(wall, monotonic)
    wall.now_s, monotonic.now_s = 1002.5, 7.5
    assert clock() == 1002.5


def test_wall_set_back() -> None:
    """Readings after the wall clock was set back are still later than those before."""
    wall, monotonic = SetClock(1000.0), SetClock(5.0)
    clock = ForwardClock(wall, monotonic)
    wall.now_s, monotonic.now_s = 400.0, 8.0
    assert clock() == 1003.0


def test_night_of_sleep() -> None:
    """A machine that slept, its monotonic clock too, wakes to the wall's time."""
    wall, monotonic = SetClock(1000.0), SetClock(5.0)
    clock = ForwardClock(wall, monotonic)
    wall.now_s, monotonic.now_s = 30000.0, 5.1
    assert clock() == 30000.0
