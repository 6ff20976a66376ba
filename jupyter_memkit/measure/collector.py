"""The time that Python's garbage collector takes over a stretch of work.

Collections are timed while somebody measures, and only then (`CollectorTimer`).
"""

from __future__ import annotations

import functools
import gc
import os
import threading
from dataclasses import dataclass

from jupyter_memkit.measure.collector_timer import CollectorTimer


@dataclass(frozen=True, slots=True, kw_only=True)
class Collections:
    """What the collector did over a stretch of work.

    Attributes
    ----------
    durations_s : tuple of float
        How long its collections of the youngest, the middle and the oldest generation
        took, in seconds. Each looks at the younger generations as well.
    counts : tuple of int
        How many of each it began.
    found : int
        How many unreachable objects they found.
    """

    durations_s: tuple[float, float, float]
    counts: tuple[int, int, int]
    found: int

    @property
    def duration_s(self) -> float:
        """How long it ran, in seconds."""
        return sum(self.durations_s)

    def since(self, before: Collections) -> Collections:
        """Return what it did after an earlier moment."""
        young_s, middle_s, old_s = (
            now_s - before_s
            for now_s, before_s in zip(
                self.durations_s, before.durations_s, strict=True
            )
        )
        young, middle, old = (
            now - then for now, then in zip(self.counts, before.counts, strict=True)
        )
        return Collections(
            durations_s=(young_s, middle_s, old_s),
            counts=(young, middle, old),
            found=self.found - before.found,
        )


class CollectionWatch:
    """An open stretch of work, got from `CollectorClock.open`."""

    def __init__(self, clock: CollectorClock, timer: CollectorTimer) -> None:
        self._clock = clock
        self._timer = timer
        self._before = _read(timer)

    def close(self) -> Collections:
        """End the stretch and return what the collector did in it."""
        collections = _read(self._timer).since(self._before)
        self._clock.discard(self)
        return collections


class CollectorClock:
    """Adds up the collector's time while at least one stretch of work is open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: set[CollectionWatch] = set()
        self._timer: CollectorTimer | None = None

    def open(self) -> CollectionWatch:
        """Start a stretch of work."""
        with self._lock:
            if self._timer is None:
                self._timer = CollectorTimer()
                self._timer.start()
            watch = CollectionWatch(self, self._timer)
            self._watches.add(watch)
        return watch

    def discard(self, watch: CollectionWatch) -> None:
        """End a stretch of work; ending it again changes nothing."""
        with self._lock:
            self._watches.discard(watch)
            if not self._watches and self._timer is not None:
                self._timer.stop()
                self._timer = None


def _read(timer: CollectorTimer) -> Collections:
    # The interpreter counts for itself.
    stats = gc.get_stats()
    young, middle, old = (each["collections"] for each in stats)
    return Collections(
        durations_s=timer.read_durations_s(),
        counts=(young, middle, old),
        found=sum(each["collected"] for each in stats),
    )


def collector_clock() -> CollectorClock:
    """Return the clock of this process: one, because the collector is one."""
    return _clock_of(os.getpid())


@functools.cache
def _clock_of(_pid: int) -> CollectorClock:
    # A forked child has a collector of its own, and a lock that nobody holds.
    return CollectorClock()
