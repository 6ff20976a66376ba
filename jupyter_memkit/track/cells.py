"""A record of each cell: when it ran, what it kept, its peak, its collections."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_memkit.cells.headline import find_headline
from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.gpu_watch import GpuFigures
from jupyter_memkit.measure.peak import PeakMeter, PeakWatch
from jupyter_memkit.measure.stretch import Stretch
from jupyter_memkit.records import Record
from jupyter_memkit.track.gpu_peak import GpuPeak
from jupyter_memkit.track.peak_line import PeakLine

_KEPT_CELLS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRecord(Record):
    """The record of a finished cell.

    Attributes
    ----------
    execution_count : int or None
        The number in the cell's brackets; None for a cell that is not in the history.
    cell_id : str or None
        The notebook's id of the cell; None if the front end does not send it.
    first_line : str
        The first line of the cell that says what it does: not blank, a comment, an
        import or a magic, unless there is no other.
    started_s : float
        When it started, in seconds since the epoch.
    duration_s : float
        How long it ran, in seconds.
    before_bytes, after_bytes : int
        Resident memory of the process at its start and at its end.
    peak_bytes : int
        The highest resident memory while it ran, not relative to the start.
    exact : bool
        Whether the peak is the system's high-water mark rather than sampled.
    peak_line : str or None
        The line of the notebook that was running at the highest reading; None if the
        readings missed the peak.
    children_before_bytes : int
        The total memory of the child processes at its start, without what forked ones
        share with the kernel.
    children_peak_bytes : int
        The highest total while it ran, not relative to the start.
    children_exact : bool
        Whether that is the system's own figure rather than sampled.
    gpu_before_bytes, gpu_peak_bytes : int or None
        The memory of the process and its children on all GPUs at the start and at the
        highest sample, at most one a second, as the driver reports it; None if no GPU
        was read.
    gpus : tuple of GpuFigures
        The memory that libraries used on each GPU, exact where their counters show it.
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
    error : str or None
        The name of the exception that ended the cell.
    """

    execution_count: int | None
    cell_id: str | None
    first_line: str
    started_s: float
    duration_s: float
    before_bytes: int
    after_bytes: int
    peak_bytes: int
    exact: bool
    peak_line: str | None
    children_before_bytes: int
    children_peak_bytes: int
    children_exact: bool
    gpu_before_bytes: int | None
    gpu_peak_bytes: int | None
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
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCell:
    """A running cell."""

    execution_count: int | None
    cell_id: str | None
    first_line: str
    started_s: float
    stretch: Stretch
    peak_line: PeakLine
    gpu: GpuPeak
    thread: threading.Thread = field(default_factory=threading.current_thread)

    @property
    def watch(self) -> PeakWatch:
        """Its measurements from its start until now."""
        return self.stretch.watch


class CellAccounts:
    """Opens and closes the records of cells, several of which may run at once.

    Parameters
    ----------
    peaks : PeakMeter
        Measures the kernel.
    children : ChildrenMeter
        Measures its child processes.
    clock : callable
        The time in seconds since the epoch.
    """

    def __init__(
        self, peaks: PeakMeter, children: ChildrenMeter, clock: Callable[[], float]
    ) -> None:
        self._peaks = peaks
        self._children = children
        self._clock = clock
        self._lock = threading.Lock()
        self._open: list[OpenCell] = []
        self._records: deque[CellRecord] = deque(maxlen=_KEPT_CELLS)
        self._gpu_bytes: int | None = None
        self.ended = 0
        """The number of cells that have ended, including those no longer kept."""

    @property
    def records(self) -> list[CellRecord]:
        """The cells that have ended, oldest first."""
        with self._lock:
            return list(self._records)

    @property
    def running(self) -> OpenCell | None:
        """The running cell; the one that started first if there are several."""
        with self._lock:
            return self._open[0] if self._open else None

    @property
    def running_here(self) -> OpenCell | None:
        """The running cell of this thread."""
        here = threading.current_thread()
        return next((each for each in self._running() if each.thread is here), None)

    def begin(
        self,
        code: str,
        *,
        execution_count: int | None,
        cell_id: str | None,
        namespace: Mapping[str, Any] | None = None,
    ) -> OpenCell:
        """Open the record of a cell that is about to run."""
        stretch = Stretch(self._peaks, self._children)
        cell = OpenCell(
            execution_count=execution_count,
            cell_id=cell_id,
            first_line=find_headline(code),
            started_s=self._clock(),
            stretch=stretch,
            peak_line=PeakLine(namespace, stretch.watch.before_bytes),
            gpu=GpuPeak(self._gpu_bytes),
        )
        with self._lock:
            self._open.append(cell)
        return cell

    def end(self, cell: OpenCell, *, error: str | None) -> CellRecord:
        """Close the record of a cell that has run."""
        figures = cell.stretch.close()
        record = CellRecord(
            execution_count=cell.execution_count,
            cell_id=cell.cell_id,
            first_line=cell.first_line,
            started_s=cell.started_s,
            duration_s=self._clock() - cell.started_s,
            peak_line=cell.peak_line.read(figures.peak_bytes),
            gpu_before_bytes=cell.gpu.before_bytes,
            gpu_peak_bytes=cell.gpu.peak_bytes,
            error=error,
            **{
                field.name: getattr(figures, field.name)
                for field in dataclasses.fields(figures)
            },
        )
        with self._lock:
            self._open.remove(cell)
            self._records.append(record)
            self.ended += 1
        return record

    def see(self, rss_bytes: int) -> None:
        """Take a reading for the running cells."""
        for cell in self._running():
            cell.peak_line.see(rss_bytes)

    def see_gpu(self, process_bytes: int | None) -> None:
        """Take a reading of the GPUs for the running cells, and for the next one."""
        self._gpu_bytes = process_bytes
        if process_bytes is not None:
            for cell in self._running():
                cell.gpu.see(process_bytes)
                cell.stretch.gpus.see()

    def _running(self) -> tuple[OpenCell, ...]:
        with self._lock:
            return tuple(self._open)

    def latest(self, count: int) -> list[CellRecord]:
        """Return the last cells that have ended, at most `count`, oldest first."""
        with self._lock:
            return list(self._records)[-count:] if count > 0 else []

    def abandon(self) -> None:
        """Discard the open records when tracking ends."""
        with self._lock:
            for cell in self._open:
                cell.stretch.close()
            self._open.clear()
