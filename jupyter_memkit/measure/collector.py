"""The time that Python's garbage collector takes over a stretch of work.

The interpreter calls the functions in ``gc.callbacks`` before and after each
collection. One function of ours is there while somebody measures, and only then.
"""

from __future__ import annotations

import functools
import gc
import os
import threading
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Collections:
    """What the collector did over a stretch of work.

    Attributes
    ----------
    duration_s : float
        How long it ran, in seconds.
    counts : tuple of int
        How many collections it began with the youngest, the middle and the oldest
        generation.
    """

    duration_s: float
    counts: tuple[int, int, int]


class CollectionWatch:
    """An open stretch of work, got from `CollectorClock.open`."""

    def __init__(self, clock: CollectorClock, before: Collections) -> None:
        self._clock = clock
        self._before = before

    def close(self) -> Collections:
        """End the stretch and return what the collector did in it."""
        return self._clock.close(self, self._before)


class CollectorClock:
    """Adds up the collector's time while at least one stretch of work is open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: set[CollectionWatch] = set()
        self._duration_s = 0.0
        self._counts = [0, 0, 0]
        self._began_s = 0.0

    def open(self) -> CollectionWatch:
        """Start a stretch of work."""
        watch = CollectionWatch(self, self._read())
        with self._lock:
            if not self._watches:
                gc.callbacks.append(self._on_collection)
            self._watches.add(watch)
        return watch

    def close(self, watch: CollectionWatch, before: Collections) -> Collections:
        """End a stretch of work; closing it again changes nothing."""
        with self._lock:
            self._watches.discard(watch)
            if not self._watches and self._on_collection in gc.callbacks:
                gc.callbacks.remove(self._on_collection)
        now = self._read()
        young, middle, old = (
            count - earlier
            for count, earlier in zip(now.counts, before.counts, strict=True)
        )
        return Collections(
            duration_s=now.duration_s - before.duration_s, counts=(young, middle, old)
        )

    def _read(self) -> Collections:
        young, middle, old = self._counts
        return Collections(duration_s=self._duration_s, counts=(young, middle, old))

    def _on_collection(self, phase: str, info: dict[str, Any]) -> None:
        # The interpreter runs one collection at a time, and nothing in between.
        if phase == "start":
            self._began_s = time.perf_counter()
        else:
            self._duration_s += time.perf_counter() - self._began_s
            self._counts[info["generation"]] += 1


def collector_clock() -> CollectorClock:
    """Return the clock of this process: one, because the collector is one."""
    return _clock_of(os.getpid())


@functools.cache
def _clock_of(_pid: int) -> CollectorClock:
    # A forked child has a collector of its own, and a lock that nobody holds.
    return CollectorClock()
