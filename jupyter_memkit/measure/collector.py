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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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
        self._on_collection, self._read_durations_s = _make_callback()

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
        return self._read().since(before)

    def _read(self) -> Collections:
        # The interpreter counts for itself, so that the callback need not.
        stats = gc.get_stats()
        young, middle, old = (each["collections"] for each in stats)
        return Collections(
            durations_s=self._read_durations_s(),
            counts=(young, middle, old),
            found=sum(each["collected"] for each in stats),
        )


def _make_callback() -> tuple[
    Callable[[str, dict[str, Any]], None], Callable[[], tuple[float, float, float]]
]:
    """Return what the interpreter calls, and what reads the times so far.

    Small objects are made in the time of a few such calls, so this one does as little
    as it can, and a closure is the quickest to call.
    """
    clock = time.perf_counter
    began_s = 0.0
    totals_s = [0.0, 0.0, 0.0]

    def on_collection(phase: str, info: dict[str, Any]) -> None:
        nonlocal began_s
        # The interpreter runs one collection at a time, and nothing in between.
        if phase == "start":
            began_s = clock()
        else:
            totals_s[info["generation"]] += clock() - began_s

    def read() -> tuple[float, float, float]:
        young_s, middle_s, old_s = totals_s
        return young_s, middle_s, old_s

    return on_collection, read


def collector_clock() -> CollectorClock:
    """Return the clock of this process: one, because the collector is one."""
    return _clock_of(os.getpid())


@functools.cache
def _clock_of(_pid: int) -> CollectorClock:
    # A forked child has a collector of its own, and a lock that nobody holds.
    return CollectorClock()
