"""Measures everything about a stretch of work at once.

A stretch is a cell, a block under `mem` or a call of a decorated function. Stretches
can be nested and overlap in threads; each is measured separately, and all figures are
those of the whole process.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.collector import collector_clock
from jupyter_memkit.measure.faults import PageFaults, read_page_faults
from jupyter_memkit.measure.gpu_watch import GpuFigures, GpuWatch
from jupyter_memkit.measure.peak import PeakMeter


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchFigures:
    """The figures of a stretch of work.

    Attributes
    ----------
    before_bytes, after_bytes : int
        Resident memory of the process at the start and at the end.
    peak_bytes : int
        The highest resident memory in between, not relative to the start.
    exact : bool
        Whether the peak is the system's high-water mark rather than sampled.
    children_before_bytes : int
        The total memory of the child processes at the start, without what forked ones
        share with this process.
    children_peak_bytes : int
        The highest total, not relative to the start.
    children_exact : bool
        Whether that is the system's own figure rather than sampled.
    gpus : tuple of GpuFigures
        The memory that libraries used on each GPU.
    gc_s : float
        The time of the garbage collector, in seconds.
    gc_young, gc_middle, gc_old : int
        The number of collections by generation.
    gc_young_s, gc_middle_s, gc_old_s : float
        Their time by generation, in seconds.
    gc_found : int
        The number of unreachable objects that they found.
    minor_faults, major_faults : int or None
        Page faults without and with a read from disk; None if the system does not count
        them.
    """

    before_bytes: int
    after_bytes: int
    peak_bytes: int
    exact: bool
    children_before_bytes: int
    children_peak_bytes: int
    children_exact: bool
    gpus: tuple[GpuFigures, ...]
    gc_s: float
    gc_young: int
    gc_middle: int
    gc_old: int
    gc_young_s: float
    gc_middle_s: float
    gc_old_s: float
    gc_found: int
    minor_faults: int | None
    major_faults: int | None


class Stretch:
    """An open stretch of work, which starts when the object is created.

    Parameters
    ----------
    peaks : PeakMeter
        Measures this process.
    children : ChildrenMeter
        Measures its children.
    """

    def __init__(self, peaks: PeakMeter, children: ChildrenMeter) -> None:
        # Ctrl-C in here leaves nothing open.
        with ExitStack() as undo:
            self._children = children.open()
            undo.callback(self._children.close, None)
            self._collections = collector_clock().open()
            undo.callback(self._collections.close)
            self._faults = read_page_faults()
            self.gpus = GpuWatch()
            self.watch = peaks.open()
            undo.callback(self.watch.close)
            self._undo = undo.pop_all()

    def close(self) -> StretchFigures:
        """End the stretch and return its figures."""
        with self._undo:
            peak = self.watch.close()
            minor_faults, major_faults = _faults_since(self._faults)
            collections = self._collections.close()
            gpus = self.gpus.close()
            children = self._children.close(peak.peak_bytes if peak.exact else None)
            # Everything is closed; the stack is only for Ctrl-C.
            self._undo.pop_all()
        young, middle, old = collections.counts
        young_s, middle_s, old_s = collections.durations_s
        return StretchFigures(
            before_bytes=peak.before_bytes,
            after_bytes=peak.after_bytes,
            peak_bytes=peak.peak_bytes,
            exact=peak.exact,
            children_before_bytes=children.before_bytes,
            children_peak_bytes=children.peak_bytes,
            children_exact=children.exact,
            gpus=gpus,
            gc_s=collections.duration_s,
            gc_young=young,
            gc_middle=middle,
            gc_old=old,
            gc_young_s=young_s,
            gc_middle_s=middle_s,
            gc_old_s=old_s,
            gc_found=collections.found,
            minor_faults=minor_faults,
            major_faults=major_faults,
        )


def _faults_since(before: PageFaults | None) -> tuple[int | None, int | None]:
    now = read_page_faults()
    if before is None or now is None:
        return None, None
    return now.minor - before.minor, now.major - before.major
