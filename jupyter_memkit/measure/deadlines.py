"""The time limits of searches, all on one clock.

Tests replace the clock: what a search finds within a second depends on what else the
machine does.
"""

from __future__ import annotations

import math
import time

_read_clock_s = time.perf_counter


def deadline_after(budget_s: float | None) -> float:
    """Return when a time limit that starts now ends, in seconds; never without one."""
    return math.inf if budget_s is None else _read_clock_s() + budget_s


def time_left(deadline_s: float) -> float:
    """Return the seconds until a deadline, negative once it has passed."""
    return deadline_s - _read_clock_s()


def has_passed(deadline_s: float) -> bool:
    """Return whether a deadline has passed."""
    return _read_clock_s() > deadline_s
