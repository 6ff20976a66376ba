"""Times collections with C callables, so that no Python code runs during one.

A signal that arrives during a collection is handled at the next bytecode. With a Python
function in ``gc.callbacks`` that would be the function's first bytecode, before any
``try`` of its own; the interpreter would print and swallow the handler's exception, and
the user's Ctrl-C would be lost. Therefore everything called here is written in C:
iterators of ``itertools``, ``map``, ``max`` and ``deque``. None of them checks for
signals, so the exception is raised in the user's code, right after the collection.
"""

from __future__ import annotations

import gc
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate, count, cycle, repeat
from operator import getitem, itemgetter
from typing import Any

_GENERATIONS = 3


class CollectorTimer:
    """Sums the time of collections by generation, from `start` to `stop`."""

    def __init__(self) -> None:
        self._starts = [_Marks() for _ in range(_GENERATIONS)]
        self._stops = [_Marks() for _ in range(_GENERATIONS)]
        self._started_ns = 0
        # The infos of the phases, that of the latest phase last.
        infos: OrderedDict[str, dict[str, Any]] = OrderedDict()
        marking = {
            "start": [each.marking for each in self._starts],
            "stop": [each.marking for each in self._stops],
        }
        marks: Iterator[Iterator[None]] = map(
            getitem,
            map(marking.__getitem__, _read_last_keys(infos)),
            map(
                itemgetter("generation"),
                map(infos.__getitem__, _read_last_keys(infos)),
            ),
        )
        # Called with the phase and the info: the first stores the info, the second
        # takes the info for "true" and makes it the last, and the third records the
        # time. Not by an attribute named after the phase: each phase is a new string,
        # of which Python's cache of attributes would keep thousands, and each of these
        # an arena of the heap.
        self._callbacks: tuple[Callable[..., Any], ...] = (
            infos.__setitem__,
            infos.move_to_end,
            _make_step(map(next, marks)),
        )

    def start(self) -> None:
        """Start timing collections."""
        self._started_ns = time.perf_counter_ns()
        gc.callbacks.extend(self._callbacks)

    def stop(self) -> None:
        """Stop; callbacks that others removed from ``gc.callbacks`` stay removed."""
        for callback in reversed(self._callbacks):
            if callback in gc.callbacks:
                gc.callbacks.remove(callback)

    def read_durations_s(self) -> tuple[float, float, float]:
        """Return the time of collections by generation so far, in seconds."""
        now_ns = time.perf_counter_ns()
        young_s, middle_s, old_s = (
            _read_duration_ns(starts, stops, self._started_ns, now_ns) / 1e9
            for starts, stops in zip(self._starts, self._stops, strict=True)
        )
        return young_s, middle_s, old_s


class _Marks:
    """Points in time, of which only the number and the sum are kept."""

    def __init__(self) -> None:
        self._latest = deque([(0, 0)], maxlen=1)
        moments_ns = iter(time.perf_counter_ns, None)
        marks = zip(count(1), accumulate(moments_ns), strict=False)
        self.marking: Iterator[None] = map(self._latest.append, marks)
        """Each ``next`` records a point in time."""

    def read(self) -> tuple[int, int]:
        """Return the number and the sum of the points."""
        return self._latest[0]


def _read_last_keys(mapping: OrderedDict[str, Any]) -> Iterator[str]:
    """Return an iterator whose every ``next`` is the last key at that moment."""
    return map(next, map(reversed, repeat(mapping)))


def _make_step(steps: Iterator[object]) -> Callable[[object, object], Any]:
    """Return a callable with two arguments, each call of which is one ``next``."""
    # `max` calls its key for both arguments, which are the unused defaults of `next`,
    # and compares what that returns. None of these iterators ends if a step fails, as
    # it does at the limit of recursion; a chain would, and every later call would fail.
    turns = cycle((map(bool, steps), repeat(0)))
    return partial(max, key=partial(next, map(next, turns)))


def _read_duration_ns(
    starts: _Marks, stops: _Marks, started_ns: int, now_ns: int
) -> int:
    """Return the time between starts and stops, even during a collection."""
    (n_starts, starts_ns), (n_stops, stops_ns) = starts.read(), stops.read()
    duration_ns = stops_ns - starts_ns
    if n_stops > n_starts:
        # The timer was started during the first one.
        return duration_ns - started_ns
    if n_starts > n_stops:
        # The last one is still running.
        return duration_ns + now_ns
    # Negative if both are true.
    return duration_ns if duration_ns >= 0 else duration_ns + now_ns - started_ns
