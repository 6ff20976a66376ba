"""The memory of the child processes over a stretch of work.

joblib, multiprocessing, subprocess and Dask's local workers hold memory outside this
process. To ask whether there is any child takes a microsecond; to find them can mean a
look at every process of the machine, so that is done at a pace that its own cost sets.
A forked child has all memory of its parent in its figures; what the two shared at the
fork is the parent's and is left out.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from jupyter_memkit.measure.children_probe import (
    ChildMemory,
    ChildrenProbe,
    EndedChildren,
    children_probe,
)
from jupyter_memkit.measure.pace import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildrenReading:
    """The memory of the children now.

    Attributes
    ----------
    count : int
        How many there are, those of the children included.
    bytes : int
        Their resident memory together, but for what forked ones share with this
        process.
    peak_bytes : int
        The highest since the reading before, as far as it is known.
    """

    count: int
    bytes: int
    peak_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildrenPeak:
    """The highest memory of the children together over a stretch of work.

    Attributes
    ----------
    before_bytes : int
        What they had at its start, counted as in `ChildrenReading`.
    peak_bytes : int
        The highest, not relative to the start.
    exact : bool
        Whether the system's own figures leave no doubt: there was no child, or a
        single one that started another program and has not ended. Else what was
        between two readings can be missing.
    """

    before_bytes: int
    peak_bytes: int
    exact: bool


class _Child:
    """A child that was found."""

    def __init__(self, shared_bytes: int) -> None:
        self.shared_bytes = shared_bytes
        self.mark_bytes = 0
        self.now_bytes = 0
        self.peak_bytes = 0

    def update(self, memory: ChildMemory) -> None:
        """Take a reading in; a mark that stood since the last tells nothing new."""
        rose = memory.high_water_bytes > self.mark_bytes
        peak_bytes = memory.high_water_bytes if rose else memory.rss_bytes
        self.mark_bytes = memory.high_water_bytes
        self.now_bytes = max(0, memory.rss_bytes - self.shared_bytes)
        self.peak_bytes = max(0, peak_bytes - self.shared_bytes)


class ChildrenWatch:
    """An open stretch of work, got from `ChildrenMeter.open`."""

    def __init__(
        self, meter: ChildrenMeter, before_bytes: int, *, had_children: bool
    ) -> None:
        self.had_children = had_children
        self.before_bytes = before_bytes
        self.peak_bytes = before_bytes
        self.exact = True
        self.ended = meter.probe.read_ended()
        self.shareable_bytes = meter.probe.read_shareable_bytes()
        self._meter = meter

    def close(self, own_peak_bytes: int | None) -> ChildrenPeak:
        """End the stretch and return its account.

        Parameters
        ----------
        own_peak_bytes : int or None
            The highest memory of this process in the stretch; None when it is only
            known from samples.
        """
        return self._meter.close(self, own_peak_bytes)


class ChildrenMeter:
    """Measures the children over overlapping stretches of work.

    Parameters
    ----------
    probe : ChildrenProbe
        Where the figures come from.
    clock, cost : callable
        The two clocks of the pace of the readings.
    """

    def __init__(
        self,
        probe: ChildrenProbe,
        clock: Callable[[], float] = time.perf_counter,
        cost: Callable[[], float] = time.thread_time,
    ) -> None:
        self.probe = probe
        self._lock = threading.Lock()
        self._children: dict[int, _Child] = {}
        self._watches: set[ChildrenWatch] = set()
        self._finding = Pace(clock, cost)
        self._reading = Pace(clock, cost)

    @property
    def pids(self) -> list[int]:
        """The ids of the children that are known."""
        with self._lock:
            return list(self._children)

    @property
    def latest(self) -> ChildrenReading:
        """The latest reading, at no cost."""
        with self._lock:
            return self._total()

    def open(self) -> ChildrenWatch:
        """Start a stretch of work."""
        with self._lock:
            # A peak from before the stretch is not its own.
            has_children = self._refresh()
            before_bytes = self._total().bytes
            watch = ChildrenWatch(self, before_bytes, had_children=has_children)
            self._watches.add(watch)
            return watch

    def close(self, watch: ChildrenWatch, own_peak_bytes: int | None) -> ChildrenPeak:
        """End a stretch of work; closing it again changes nothing."""
        if self._has_newborns(watch):
            self._finding.timed(self._find)
        with self._lock:
            if watch in self._watches:
                self._end(watch, own_peak_bytes)
                self._watches.remove(watch)
            return ChildrenPeak(
                before_bytes=watch.before_bytes,
                peak_bytes=watch.peak_bytes,
                exact=watch.exact,
            )

    def observe(self) -> ChildrenReading:
        """Read the memory of the children, as often as the pace allows."""
        has_children = self.probe.has_children()
        if has_children and self._finding.is_due():
            self._finding.timed(self._find)
        with self._lock:
            if not has_children:
                self._children.clear()
            elif self._reading.is_due():
                self._reading.timed(self._read)
            return self._total()

    def _refresh(self) -> bool:
        """Read the children that are known; return whether there can be any."""
        has_children = self.probe.has_children()
        if has_children:
            self._read()
        else:
            self._children.clear()
        return has_children

    def _has_newborns(self, watch: ChildrenWatch) -> bool:
        """Return whether there are children now, none before, and none was seen."""
        return (
            watch in self._watches
            and not watch.had_children
            and not self._children
            and self.probe.has_children()
        )

    def _end(self, watch: ChildrenWatch, own_peak_bytes: int | None) -> None:
        has_children = self._refresh()
        ended = self.probe.read_ended()
        if ended.faults != watch.ended.faults:
            watch.exact = False
            unseen_bytes = _unseen_peak_bytes(watch, ended, own_peak_bytes)
            watch.peak_bytes = max(watch.peak_bytes, unseen_bytes)
        if has_children and not self.probe.knows_ends:
            watch.exact = False

    def _find(self) -> None:
        # Without the lock: a machine with many processes takes its time.
        found = self.probe.find()
        forks = {pid for pid in found if self.probe.is_fork(pid)}
        shareable_bytes = self.probe.read_shareable_bytes() if forks else 0
        with self._lock:
            for gone in self._children.keys() - set(found):
                del self._children[gone]
            for pid in found:
                child = self._children.setdefault(pid, _Child(shareable_bytes))
                if pid not in forks:
                    # Or no longer: it has started another program since.
                    child.shared_bytes = 0

    def _read(self) -> None:
        for pid, child in list(self._children.items()):
            memory = self.probe.read(pid)
            if memory is None:
                del self._children[pid]
            else:
                child.update(memory)
        total = self._total()
        is_sure = len(self._children) <= 1 and not any(
            child.shared_bytes for child in self._children.values()
        )
        for watch in self._watches:
            watch.peak_bytes = max(watch.peak_bytes, total.peak_bytes)
            watch.exact = watch.exact and is_sure

    def _total(self) -> ChildrenReading:
        return ChildrenReading(
            count=len(self._children),
            bytes=sum(child.now_bytes for child in self._children.values()),
            peak_bytes=sum(child.peak_bytes for child in self._children.values()),
        )


def _unseen_peak_bytes(
    watch: ChildrenWatch, ended: EndedChildren, own_peak_bytes: int | None
) -> int:
    """Return the least that a child must have had which came and went in a stretch.

    The system keeps the highest memory of all children that have ended, and counts in
    what this process had when a child left it to start another program. So it tells
    something only when it is above that, and of no child from before the stretch.
    """
    if watch.had_children or own_peak_bytes is None:
        return 0
    if ended.highest_bytes <= max(watch.ended.highest_bytes, own_peak_bytes):
        return 0
    return ended.highest_bytes - watch.shareable_bytes


def children_meter() -> ChildrenMeter:
    """Return the meter of this process; a forked child gets one of its own."""
    return _meter_of(os.getpid())


@functools.cache
def _meter_of(_pid: int) -> ChildrenMeter:
    return ChildrenMeter(children_probe())
