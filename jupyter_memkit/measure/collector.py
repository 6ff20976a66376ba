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
        self._on_collection, self._read_duration_s = _make_callback()

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
        # The interpreter counts for itself, so that the callback need not.
        young, middle, old = (each["collections"] for each in gc.get_stats())
        return Collections(
            duration_s=self._read_duration_s(), counts=(young, middle, old)
        )


def _make_callback() -> tuple[
    Callable[[str, dict[str, Any]], None], Callable[[], float]
]:
    """Return what the interpreter calls, and what reads the time so far.

    Small objects are made in the time of a few such calls, so this one does as little
    as it can, and a closure is the quickest to call.
    """
    clock = time.perf_counter
    began_s = total_s = 0.0

    def on_collection(phase: str, _info: dict[str, Any]) -> None:
        nonlocal began_s, total_s
        # The interpreter runs one collection at a time, and nothing in between.
        if phase == "start":
            began_s = clock()
        else:
            total_s += clock() - began_s

    return on_collection, lambda: total_s


def collector_clock() -> CollectorClock:
    """Return the clock of this process: one, because the collector is one."""
    return _clock_of(os.getpid())


@functools.cache
def _clock_of(_pid: int) -> CollectorClock:
    # A forked child has a collector of its own, and a lock that nobody holds.
    return CollectorClock()
