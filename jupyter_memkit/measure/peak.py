"""The peak of a stretch of work, exact where the system keeps a high-water mark.

Linux resets a process's mark when ``5`` is written to ``/proc/self/clear_refs``
(proc(5)), so a peak between two moments is read without sampling, however short
it was and whichever thread held the GIL. There is one mark per process, and stretches
overlap: a statement inside a cell, cells on two subshells, ``%%chunked`` inside a cell.
So one `PeakMeter` serves the process, and before each reset it folds the mark into
every open watch, which keeps all of them exact. Linux 6.2 and later count pages in
batches on each core, so a figure can be off by some hundred KiB.

A reading that fails, as all do while a process has too many open files, repeats the
previous one, and the stretches it belongs to are marked as inexact.
"""

from __future__ import annotations

import functools
import os
import threading
from dataclasses import dataclass

from jupyter_memkit.measure.process import MemoryProbe, system_probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The memory of the process over a measurement.

    Attributes
    ----------
    before_bytes, after_bytes : int
        Resident memory at the start and at the end.
    peak_bytes : int
        The highest resident memory in between, not relative to the start.
    exact : bool
        Whether the peak is the system's high-water mark rather than sampled.
    """

    before_bytes: int
    after_bytes: int
    peak_bytes: int
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryReading:
    """Resident memory now, and the highest since the previous reading."""

    rss_bytes: int
    peak_bytes: int


class PeakWatch:
    """An open measurement, returned by `PeakMeter.open`."""

    def __init__(self, meter: PeakMeter, before_bytes: int, *, exact: bool) -> None:
        self.before_bytes = before_bytes
        self.after_bytes = before_bytes
        self.peak_bytes = before_bytes
        self.exact = exact
        self._meter = meter

    def close(self) -> Peak:
        """End the measurement and return its result."""
        return self._meter.close(self)


class PeakMeter:
    """Measures the peaks of overlapping measurements in one process.

    Parameters
    ----------
    probe : MemoryProbe
        The source of the figures.
    """

    def __init__(self, probe: MemoryProbe) -> None:
        self._probe = probe
        self._lock = threading.Lock()
        self._watches: set[PeakWatch] = set()
        self.exact = self._can_reset = probe.reset_high_water()
        self._rss_bytes = self._mark_bytes = probe.read_rss_bytes()

    def open(self) -> PeakWatch:
        """Start a measurement."""
        with self._lock:
            if self._watches:
                self._observe()
            self.exact = self._can_reset and self._probe.reset_high_water()
            if not self.exact:
                # The system refused the reset, once or permanently.
                self._doubt()
            has_read = self._read()
            self._mark_bytes = self._rss_bytes
            watch = PeakWatch(self, self._rss_bytes, exact=self.exact and has_read)
            self._watches.add(watch)
            return watch

    def close(self, watch: PeakWatch) -> Peak:
        """End a measurement; a second call does nothing."""
        with self._lock:
            if watch in self._watches:
                watch.after_bytes = self._observe().rss_bytes
                self._watches.remove(watch)
            return Peak(
                before_bytes=watch.before_bytes,
                after_bytes=watch.after_bytes,
                peak_bytes=watch.peak_bytes,
                exact=watch.exact,
            )

    def read_rss_bytes(self) -> int:
        """Return the current memory, without affecting the next reading."""
        with self._lock:
            self._read()
            return self._rss_bytes

    def observe(self) -> MemoryReading:
        """Read the memory and update every open measurement."""
        with self._lock:
            return self._observe()

    def _observe(self) -> MemoryReading:
        mark_bytes = 0
        try:
            self._rss_bytes = self._probe.read_rss_bytes()
            if self.exact:
                mark_bytes = self._probe.read_high_water_bytes()
        except OSError:
            self._doubt()
        peak_bytes = self._rss_bytes
        if mark_bytes > self._mark_bytes:
            # The mark has risen since the last reading; an unchanged one is old.
            self._mark_bytes = mark_bytes
            peak_bytes = max(peak_bytes, mark_bytes)
        for watch in self._watches:
            watch.peak_bytes = max(watch.peak_bytes, peak_bytes)
        return MemoryReading(rss_bytes=self._rss_bytes, peak_bytes=peak_bytes)

    def _read(self) -> bool:
        """Read the memory; return whether it could be read."""
        try:
            self._rss_bytes = self._probe.read_rss_bytes()
        except OSError:
            return False
        return True

    def _doubt(self) -> None:
        """Mark the open measurements as inexact, because a reading is missing."""
        for watch in self._watches:
            watch.exact = False


def peak_meter() -> PeakMeter:
    """Return the meter of this process, which has one high-water mark."""
    return _meter_of(os.getpid())


@functools.cache
def _meter_of(_pid: int) -> PeakMeter:
    # A forked child has its own mark, and needs a lock that no thread holds.
    return PeakMeter(system_probe())
