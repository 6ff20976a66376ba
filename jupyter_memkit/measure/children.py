"""The memory of the child processes over a stretch of work.

joblib, multiprocessing, subprocess and Dask's local workers hold memory outside this
process. Checking whether there is any child takes two microseconds. Finding them can
require reading every process of the machine, so the interval grows with its cost: it
takes at most a four-hundredth of the time.

The figures of a forked child include all memory of its parent. Forked children are
recognized by their code and stack, which are at the kernel's own addresses. What the
kernel held in anonymous memory when a child was first seen is subtracted. This costs
nothing, but misses what the child copies as it writes to that memory, which even
reading a Python object does, because it changes the object's reference count. So the
pages that only a forked child uses are read as well; the system walks through them in
about 12 ms per GiB, so these readings take at most a hundredth of the time. For a
forked child that came and went between two readings the system keeps a high-water mark
(``RUSAGE_CHILDREN``), which is used where it cannot be the kernel's own.
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

# Reading what is private to a child is slow, and of no use once the child has ended.
_PRIVATE_SHARE = 1 / 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildrenReading:
    """The current memory of the children.

    Attributes
    ----------
    count : int
        The number of descendant processes.
    bytes : int
        Their total resident memory, without what forked ones share with this process.
    peak_bytes : int
        The highest total since the previous reading, as far as known.
    """

    count: int
    bytes: int
    peak_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildrenPeak:
    """The highest total memory of the children over a measurement.

    Attributes
    ----------
    before_bytes : int
        Their memory at the start, counted as in `ChildrenReading`.
    peak_bytes : int
        The highest, not relative to the start.
    exact : bool
        Whether the peak comes from the system's own figures: there was no child, or a
        single one that executed another program and is still running. Otherwise a spike
        between two readings may be missing.
    """

    before_bytes: int
    peak_bytes: int
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedPages:
    """The memory that forked children copied from this process by writing to it.

    Attributes
    ----------
    count : int
        The number of forked children.
    bytes : int
        The highest total that was seen since the first of them started, a lower bound.
    """

    count: int
    bytes: int


class _Child:
    """A known child process."""

    def __init__(self, shared_bytes: int) -> None:
        self.shared_bytes = shared_bytes
        self.private_bytes = 0
        self.copied_bytes = 0
        self.mark_bytes = 0
        self.now_bytes = 0
        self.peak_bytes = 0

    def update(self, memory: ChildMemory) -> None:
        """Add a reading; a high-water mark from before the last one is ignored."""
        rose = memory.high_water_bytes > self.mark_bytes
        peak_bytes = memory.high_water_bytes if rose else memory.rss_bytes
        self.mark_bytes = memory.high_water_bytes
        grown_bytes = memory.rss_bytes - self.shared_bytes
        self.copied_bytes = max(0, self.private_bytes - max(0, grown_bytes))
        self.now_bytes = max(0, grown_bytes, self.private_bytes)
        self.peak_bytes = max(self.now_bytes, peak_bytes - self.shared_bytes)


class ChildrenWatch:
    """An open measurement, returned by `ChildrenMeter.open`."""

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
        """End the measurement and return its result.

        Parameters
        ----------
        own_peak_bytes : int or None
            The highest memory of this process during the measurement; None if it is
            only sampled.
        """
        return self._meter.close(self, own_peak_bytes)


class ChildrenMeter:
    """Measures the children over overlapping measurements.

    Parameters
    ----------
    probe : ChildrenProbe
        The source of the figures.
    clock, cost : callable
        The two clocks of the `Pace` of the readings.
    reads_private : bool
        Whether the pages that only a forked child uses are read, which takes longer the
        more memory it has. Otherwise what it copied from this process does not count.
    """

    def __init__(
        self,
        probe: ChildrenProbe,
        clock: Callable[[], float] = time.perf_counter,
        cost: Callable[[], float] = time.thread_time,
        *,
        reads_private: bool = True,
    ) -> None:
        self.probe = probe
        self._reads_private = reads_private
        self._lock = threading.Lock()
        self._children: dict[int, _Child] = {}
        self._watches: set[ChildrenWatch] = set()
        self._finding = Pace(clock, cost)
        self._reading = Pace(clock, cost)
        self._reading_private = Pace(clock, cost, _PRIVATE_SHARE)
        self._copied = CopiedPages(count=0, bytes=0)

    @property
    def pids(self) -> list[int]:
        """The ids of the known children."""
        with self._lock:
            return list(self._children)

    @property
    def has_forks(self) -> bool:
        """Whether a known child shares memory with this process."""
        with self._lock:
            return any(child.shared_bytes for child in self._children.values())

    @property
    def copied(self) -> CopiedPages:
        """What the latest forked children copied, also after they have ended."""
        with self._lock:
            return self._copied

    @property
    def latest(self) -> ChildrenReading:
        """The latest reading, without taking a new one."""
        with self._lock:
            return self._total()

    def open(self) -> ChildrenWatch:
        """Start a measurement."""
        with self._lock:
            # A peak from before the measurement does not belong to it.
            has_children = self._refresh()
            before_bytes = self._total().bytes
            watch = ChildrenWatch(self, before_bytes, had_children=has_children)
            self._watches.add(watch)
            return watch

    def close(self, watch: ChildrenWatch, own_peak_bytes: int | None) -> ChildrenPeak:
        """End a measurement; a second call does nothing."""
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
        """Read the memory of the children, if the pace allows."""
        has_children = self.probe.has_children()
        # Before new ones are found, which have not copied anything yet.
        if self._reads_private and self.has_forks and self._reading_private.is_due():
            self._reading_private.timed(self._read_private)
        if has_children and self._finding.is_due():
            self._finding.timed(self._find)
        with self._lock:
            if not has_children:
                self._children.clear()
            elif self._reading.is_due():
                self._reading.timed(self._read)
            return self._total()

    def _refresh(self) -> bool:
        """Read the known children; return whether there can be any."""
        has_children = self.probe.has_children()
        if has_children:
            self._read()
        else:
            self._children.clear()
        return has_children

    def _has_newborns(self, watch: ChildrenWatch) -> bool:
        """Return whether the process has children for the first time."""
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
        if has_children and not self.probe.covers_ended:
            watch.exact = False

    def _find(self) -> None:
        # Without the lock, because this is slow on a machine with many processes.
        found = self.probe.find()
        forks = {pid for pid in found if self.probe.is_fork(pid)}
        shareable_bytes = self.probe.read_shareable_bytes() if forks else 0
        with self._lock:
            if forks and not self._children:
                self._copied = CopiedPages(count=0, bytes=0)
            for ended_pid in self._children.keys() - set(found):
                del self._children[ended_pid]
            for pid in found:
                child = self._children.setdefault(pid, _Child(shareable_bytes))
                if pid not in forks:
                    # It is no longer a fork after it has executed another program.
                    child.shared_bytes = child.private_bytes = 0

    def _read_private(self) -> None:
        # Without the lock, because this is slow for large children.
        with self._lock:
            forks = [pid for pid, each in self._children.items() if each.shared_bytes]
        private_bytes = {pid: self.probe.read_private_bytes(pid) for pid in forks}
        with self._lock:
            for pid in forks:
                if pid in self._children:
                    self._children[pid].private_bytes = private_bytes[pid]

    def _read(self) -> None:
        for pid, child in list(self._children.items()):
            memory = self.probe.read(pid)
            if memory is None:
                del self._children[pid]
            else:
                child.update(memory)
        copied_bytes = sum(child.copied_bytes for child in self._children.values())
        if copied_bytes > self._copied.bytes:
            count = sum(child.shared_bytes > 0 for child in self._children.values())
            self._copied = CopiedPages(count=count, bytes=copied_bytes)
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
    """Return a lower bound on the memory of children that came and went unseen.

    The system keeps the highest memory of all children that have ended, which includes
    the memory of this process when a child executed another program. Therefore the
    figure is meaningful only if it is higher than that, and not for children from
    before the measurement.
    """
    if watch.had_children or own_peak_bytes is None:
        return 0
    if ended.highest_bytes <= max(watch.ended.highest_bytes, own_peak_bytes):
        return 0
    return ended.highest_bytes - watch.shareable_bytes


def children_meter() -> ChildrenMeter:
    """Return the meter of this process; a forked child has its own."""
    return _meter_of(os.getpid())


@functools.cache
def _meter_of(_pid: int) -> ChildrenMeter:
    return ChildrenMeter(children_probe())
