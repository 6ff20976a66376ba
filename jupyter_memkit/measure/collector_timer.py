"""Times collections with C callables, so that no Python code runs during one.

A signal that arrives during a collection is handled at the next bytecode. With a Python
function in ``gc.callbacks`` that would be the function's first bytecode, before any of
its ``try`` blocks; the interpreter would print and swallow the handler's exception, and
the user's Ctrl-C would be lost. Therefore everything called here is written in C:
iterators of ``itertools``, ``map``, ``max`` and ``deque``. None of them checks for
signals, so the exception is raised in the user's code, right after the collection.
"""

from __future__ import annotations

import contextlib
import gc
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate, cycle, repeat
from operator import getitem, itemgetter, sub
from typing import Any

_GENERATIONS = 3


class CollectorTimer:
    """Sums the time of collections by generation, from `start` to `stop`."""

    def __init__(self) -> None:
        self._sums = [_Sum() for _ in range(_GENERATIONS)]
        # The infos of the phases, that of the latest phase last.
        infos: OrderedDict[str, dict[str, Any]] = OrderedDict()
        marking = {
            "start": [each.starting for each in self._sums],
            "stop": [each.stopping for each in self._sums],
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
        for each in self._sums:
            each.begin()
        gc.callbacks.extend(self._callbacks)

    def stop(self) -> None:
        """Stop; callbacks that others removed from ``gc.callbacks`` stay removed."""
        for callback in reversed(self._callbacks):
            if callback in gc.callbacks:
                gc.callbacks.remove(callback)

    def read_durations_s(self) -> tuple[float, float, float]:
        """Return the time of collections by generation so far, in seconds."""
        young_s, middle_s, old_s = (each.read_ns() / 1e9 for each in self._sums)
        return young_s, middle_s, old_s


class _Sum:
    """Sums the time of the collections of one generation.

    A collection whose start or stop could not be noted, as at the limit of recursion,
    does not count.
    """

    def __init__(self) -> None:
        self._first_ns = 0
        self._start_ns: deque[int] = deque(maxlen=1)
        self._sum_ns = deque([0], maxlen=1)
        moments_ns = iter(time.perf_counter_ns, None)
        self.starting: Iterator[None] = map(self._start_ns.append, moments_ns)
        """Each ``next`` notes the start of a collection."""
        durations_ns = map(sub, moments_ns, iter(self._start_ns.pop, None))
        self.stopping: Iterator[None] = map(
            self._sum_ns.append, accumulate(durations_ns)
        )
        """Each ``next`` adds the time since the start."""

    def begin(self) -> None:
        """Count a collection that is already running from now on."""
        self._first_ns = time.perf_counter_ns()
        self._start_ns.append(self._first_ns)

    def read_ns(self) -> int:
        """Return the time so far, even during a collection."""
        sum_ns = self._sum_ns[0]
        # Nothing, unless a collection is running, or there was none yet.
        with contextlib.suppress(IndexError):
            start_ns = self._start_ns[0]
            if start_ns != self._first_ns:
                return sum_ns + time.perf_counter_ns() - start_ns
        return sum_ns


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
