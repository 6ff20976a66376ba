"""Measures the time of Python's garbage collector.

Collections are timed only during a measurement (`CollectorTimer`).
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
    """The collections during a measurement.

    Attributes
    ----------
    durations_s : tuple of float
        The time of collections of the youngest, the middle and the oldest generation,
        in seconds. Each includes the younger generations.
    counts : tuple of int
        The number of collections of each.
    found : int
        The number of unreachable objects that they found.
    """

    durations_s: tuple[float, float, float]
    counts: tuple[int, int, int]
    found: int

    @property
    def duration_s(self) -> float:
        """The total time, in seconds."""
        return sum(self.durations_s)

    def since(self, before: Collections) -> Collections:
        """Return the difference to an earlier reading."""
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
    """An open measurement, returned by `CollectorClock.open`."""

    def __init__(self, clock: CollectorClock, timer: CollectorTimer) -> None:
        self._clock = clock
        self._timer = timer
        self._before = _read(timer)

    def close(self) -> Collections:
        """End the measurement and return its collections."""
        collections = _read(self._timer).since(self._before)
        self._clock.discard(self)
        return collections


class CollectorClock:
    """Sums the collector's time while at least one measurement is open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: set[CollectionWatch] = set()
        self._timer: CollectorTimer | None = None

    def open(self) -> CollectionWatch:
        """Start a measurement."""
        with self._lock:
            if self._timer is None:
                self._timer = CollectorTimer()
                self._timer.start()
            watch = CollectionWatch(self, self._timer)
            self._watches.add(watch)
        return watch

    def discard(self, watch: CollectionWatch) -> None:
        """End a measurement; a second call does nothing."""
        with self._lock:
            self._watches.discard(watch)
            if not self._watches and self._timer is not None:
                self._timer.stop()
                self._timer = None


def _read(timer: CollectorTimer) -> Collections:
    # The interpreter keeps its own counts.
    stats = gc.get_stats()
    young, middle, old = (each["collections"] for each in stats)
    return Collections(
        durations_s=timer.read_durations_s(),
        counts=(young, middle, old),
        found=sum(each["collected"] for each in stats),
    )


def collector_clock() -> CollectorClock:
    """Return the clock of this process, which has one collector."""
    return _clock_of(os.getpid())


@functools.cache
def _clock_of(_pid: int) -> CollectorClock:
    # A forked child needs its own clock, and a lock that no thread holds.
    return CollectorClock()
