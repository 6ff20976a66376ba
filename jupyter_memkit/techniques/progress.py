"""How a technique reports how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int], object]
"""Called with the number of values, or of objects, that were done so far."""

Tick = Callable[[int], object]
"""Called with the number of values that were done since the last call."""


def count_up(progress: Progress | None) -> Tick | None:
    """Return what adds up the values for a `Progress`; None without one."""
    if progress is None:
        return None
    done = 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        progress(done)

    return tick
