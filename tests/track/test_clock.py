"""The clock that never goes backwards."""

from __future__ import annotations

from jupyter_memkit.track.clock import ForwardClock
from tests.set_clock import SetClock


def test_follows_the_wall() -> None:
    """The clock follows the wall clock unless that is set back."""
    wall, monotonic = SetClock(1000.0), SetClock(5.0)
    clock = ForwardClock(wall, monotonic)
    wall.now_s, monotonic.now_s = 1002.5, 7.5
    assert clock() == 1002.5


def test_wall_set_back() -> None:
    """After the wall clock was set back, times are still later than before."""
    wall, monotonic = SetClock(1000.0), SetClock(5.0)
    clock = ForwardClock(wall, monotonic)
    wall.now_s, monotonic.now_s = 400.0, 8.0
    assert clock() == 1003.0


def test_night_of_sleep() -> None:
    """After the machine was suspended, the clock follows the wall clock."""
    wall, monotonic = SetClock(1000.0), SetClock(5.0)
    clock = ForwardClock(wall, monotonic)
    wall.now_s, monotonic.now_s = 30000.0, 5.1
    assert clock() == 30000.0
