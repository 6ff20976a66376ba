"""The tracker: the Python API to everything that is tracked over time."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.children import (
    ChildrenMeter,
    ChildrenReading,
    children_meter,
)
from jupyter_memkit.measure.gauge import Gauge, GaugeMeter
from jupyter_memkit.measure.gpu_allocators import find_loaded_cuda
from jupyter_memkit.measure.limits import Covers
from jupyter_memkit.measure.peak import PeakMeter, peak_meter
from jupyter_memkit.measure.process import read_swap_bytes
from jupyter_memkit.records import Record
from jupyter_memkit.track.cells import CellAccounts, CellRecord, OpenCell
from jupyter_memkit.track.clock import ForwardClock
from jupyter_memkit.track.highest import Highest, HighestMemory
from jupyter_memkit.track.history import History, Sample
from jupyter_memkit.track.sampler import SAMPLED_INTERVAL_S, Sampler

if TYPE_CHECKING:  # imported only when a reading is taken
    from jupyter_memkit.measure.gpu import GpuMeter, GpuReading

_BUSY_INTERVAL_S = 0.2
_IDLE_INTERVAL_S = 1.0
# A driver is slow to answer.
_GPU_KEPT_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Record):
    """The memory of this process now.

    Attributes
    ----------
    rss_bytes : int
        Resident memory.
    limit_bytes : int or None
        The limit with the least room; None if none could be read.
    limit_name : str or None
        The source of the limit.
    limit_covers : {"kernel", "family", "container", "machine"} or None
        Whose memory counts against it, as in `Gauge`.
    limit_used_bytes : int or None
        All that counts against it.
    swap_bytes : int or None
        The process's own memory in swap; None if unknown.
    children : int
        The number of descendant processes.
    children_bytes : int
        Their total resident memory, without what forked ones share with this process.
    gpu : GpuReading
        The GPUs, or the reason why there are none.
    """

    rss_bytes: int
    limit_bytes: int | None
    limit_name: str | None
    limit_covers: Covers | None
    limit_used_bytes: int | None
    swap_bytes: int | None
    children: int
    children_bytes: int
    gpu: GpuReading


class MemoryTracker:
    """Tracks the memory of this process, and the cells that run in it.

    In a notebook the extension starts a tracker, which `tracker` returns. In a script,
    use it as a context manager.

    Parameters
    ----------
    meter : PeakMeter, optional
        Measures the memory; by default the meter of this process.
    clock : callable, optional
        Returns seconds since the epoch, which never go backwards.
    children : ChildrenMeter, optional
        Measures the child processes; by default the meter of this process.
    gpu : GpuMeter, optional
        Measures the GPUs; by default the meter of this process.

    Examples
    --------
    >>> with MemoryTracker() as tracker:
    ...     tracker.now().rss_bytes > 0
    True
    """

    def __init__(
        self,
        meter: PeakMeter | None = None,
        clock: Callable[[], float] | None = None,
        children: ChildrenMeter | None = None,
        gpu: GpuMeter | None = None,
    ) -> None:
        self._meter = meter or peak_meter()
        self._children = children or children_meter()
        self._gpu = gpu
        self._clock = clock or ForwardClock()
        self._accounts = CellAccounts(self._meter, self._children, self._clock)
        self._history = History()
        self._latest = Sample(t_s=0.0, rss_bytes=0, peak_bytes=0, children_bytes=0)
        self._sampler = Sampler(self.sample, self._interval_s)
        self._observers: list[Callable[[], None]] = []
        self._cell_observers: tuple[Callable[[], None], Callable[[], None]] | None
        self._cell_observers = None
        self._cells_reported = 0
        self._highest = HighestMemory()
        self._gauge_meter = GaugeMeter(clock=self._clock)
        self._gauge: tuple[Sample, Gauge | None] | None = None
        # A kernel starts without this search.
        self._cuda_sought_s = self._clock()
        self._gpu_reading: GpuReading | None = None
        self._gpu_read_s = float("-inf")
        self.started_s = self._clock()
        """The time at which the tracker was created, in seconds since the epoch."""

    def __enter__(self) -> MemoryTracker:  # noqa: PYI034 - Python 3.10 has no Self
        """Start the tracker."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the tracker."""
        self.stop()

    def start(self) -> None:
        """Start tracking; `tracker` returns this tracker from now on."""
        _running.append(self)
        self.sample()
        self._sampler.start()

    def stop(self) -> None:
        """Stop the thread and discard open records; the history remains available."""
        self._sampler.stop()
        self._accounts.abandon()
        if self._gpu is not None:
            self._gpu.close()
        if self in _running:
            _running.remove(self)

    def now(self) -> Reading:
        """Return the current memory of this process."""
        rss_bytes = self._meter.read_rss_bytes()
        children = self._children.observe()
        gauge = self._gauge_meter.read(rss_bytes + children.bytes)
        return self._complete(rss_bytes, children, gauge)

    def latest_reading(self) -> Reading:
        """Return the latest reading that was stored, with the figures of this moment.

        Unlike `now`, it reads the memory of the process and its children no second
        time.
        """
        return self._complete(
            self._latest.rss_bytes, self._children.latest, self.gauge()
        )

    def _complete(
        self, rss_bytes: int, children: ChildrenReading, gauge: Gauge | None
    ) -> Reading:
        return Reading(
            rss_bytes=rss_bytes,
            limit_bytes=gauge.limit_bytes if gauge else None,
            limit_name=gauge.name if gauge else None,
            limit_covers=gauge.covers if gauge else None,
            limit_used_bytes=gauge.used_bytes if gauge else None,
            swap_bytes=read_swap_bytes(),
            children=children.count,
            children_bytes=children.bytes,
            gpu=self.gpu(),
        )

    def gauge(self) -> Gauge | None:
        """Return the gauge at the latest reading that was stored; read once for each.

        Returns
        -------
        Gauge or None
            The limit with the least room, and all that counts against it; None if no
            limit could be read.
        """
        latest = self._latest
        if self._gauge is None or self._gauge[0] is not latest:
            family_bytes = latest.rss_bytes + latest.children_bytes
            self._gauge = (latest, self._gauge_meter.read(family_bytes))
        return self._gauge[1]

    @property
    def highest(self) -> Highest | None:
        """The highest memory since the tracker started; None before a reading."""
        return self._highest.highest

    def gpu(self) -> GpuReading:
        """Return the memory of the GPUs, read at most once a second."""
        now_s = self._clock()
        if self._gpu is None:
            # Imported on first use, because most kernels never need it.
            from jupyter_memkit.measure.gpu import gpu_meter  # noqa: PLC0415

            self._gpu = gpu_meter()
        if self._gpu_reading is None or now_s - self._gpu_read_s > _GPU_KEPT_S:
            self._gpu_reading = self._gpu.read({os.getpid(), *self._children.pids})
            self._gpu_read_s = now_s
            self._accounts.see_gpu(self._gpu_reading.process_bytes)
        return self._gpu_reading

    @property
    def exact(self) -> bool:
        """Whether the peaks of cells are high-water marks rather than sampled."""
        return self._meter.exact

    @property
    def cells(self) -> list[CellRecord]:
        """The records of the last 1,000 finished cells, oldest first."""
        return self._accounts.records

    @property
    def cells_ended(self) -> int:
        """The number of cells that have ended since the tracker started."""
        return self._accounts.ended

    @property
    def running(self) -> OpenCell | None:
        """The running cell, if any."""
        return self._accounts.running

    def history(self, since_s: float = 0.0) -> list[Sample]:
        """Return the history of readings.

        Parameters
        ----------
        since_s : float
            Return only readings after this time, in seconds since the epoch.

        Returns
        -------
        list of Sample
            The readings, oldest first: all of the last minutes, one per ten seconds for
            the last hours, and one per two minutes for the last week.
        """
        return self._history.since(since_s)

    @property
    def latest(self) -> Sample:
        """The latest reading that was stored."""
        return self._latest

    def latest_cells(self, count: int) -> list[CellRecord]:
        """Return the last finished cells, at most `count`, oldest first."""
        return self._accounts.latest(count)

    def observe(self, observer: Callable[[], None]) -> None:
        """Call a function after each reading, on the sampler's thread."""
        self._observers.append(observer)

    def unobserve(self, observer: Callable[[], None]) -> None:
        """Stop calling it."""
        if observer in self._observers:
            self._observers.remove(observer)

    def observe_cells(
        self, begins: Callable[[], None], ended: Callable[[], None]
    ) -> None:
        """Call functions when a cell begins and has ended, on its thread."""
        self._cell_observers = (begins, ended)

    def unobserve_cells(self) -> None:
        """Stop calling them."""
        self._cell_observers = None

    def begin_cell(
        self,
        code: str,
        *,
        execution_count: int | None,
        cell_id: str | None,
        namespace: Mapping[str, Any] | None = None,
    ) -> OpenCell:
        """Open the record of a cell that is about to run on this thread.

        Parameters
        ----------
        code : str
            Its source.
        execution_count : int or None
            The number in its brackets.
        cell_id : str or None
            Its id in the notebook.
        namespace : mapping, optional
            The namespace in which its code runs, used to find the line that was running
            at the peak.
        """
        cell = self._accounts.begin(
            code,
            execution_count=execution_count,
            cell_id=cell_id,
            namespace=namespace,
        )
        self._remember(cell.started_s, cell.watch.before_bytes)
        self._sampler.wake()
        if self._cell_observers is not None:
            self._cell_observers[0]()
        return cell

    def end_cell(self, cell: OpenCell, *, error: str | None) -> None:
        """Close the record of a cell that has run."""
        record = self._accounts.end(cell, error=error)
        ended_s = record.started_s + record.duration_s
        self._remember(ended_s, record.after_bytes, record.peak_bytes)
        self._highest.end(record, self._latest.children_bytes)
        self._sampler.wake()
        if self._cell_observers is not None:
            self._cell_observers[1]()

    def sample(self) -> None:
        """Take a reading, store it, and call the observers."""
        reading = self._meter.observe()
        self._children.observe()
        self._accounts.see(reading.rss_bytes)
        running = self._accounts.running
        self._remember(self._clock(), reading.rss_bytes, reading.peak_bytes)
        self._highest.see(self._latest, running, exact=self._meter.exact)
        self._sample_gpu()
        self._cells_reported = self._accounts.ended
        for observer in tuple(self._observers):
            observer()

    def _sample_gpu(self) -> None:
        """Read the GPUs for the records of cells, if this process uses CUDA."""
        now_s = self._clock()
        if now_s - self._cuda_sought_s > _GPU_KEPT_S:
            self._cuda_sought_s = now_s
            if find_loaded_cuda() is not None:
                self.gpu()

    def _remember(self, t_s: float, rss_bytes: int, peak_bytes: int = 0) -> None:
        self._latest = Sample(
            t_s=t_s,
            rss_bytes=rss_bytes,
            peak_bytes=max(rss_bytes, peak_bytes),
            children_bytes=self._children.latest.bytes,
        )
        self._history.append(self._latest)

    def _interval_s(self) -> float:
        if self._accounts.running is not None and not self._meter.exact:
            return SAMPLED_INTERVAL_S
        # Cells that end in quick succession are reported together.
        has_news = self._accounts.running is not None or self._has_unreported_cells
        return _BUSY_INTERVAL_S if has_news else _IDLE_INTERVAL_S

    @property
    def _has_unreported_cells(self) -> bool:
        return self._accounts.ended != self._cells_reported


# The running trackers of this process, the latest last.
_running: list[MemoryTracker] = []


def tracker() -> MemoryTracker:
    """Return the running tracker of this process.

    Returns
    -------
    MemoryTracker
        The tracker that the extension started, or a script's own.

    Raises
    ------
    MemkitError
        If none is running.

    Examples
    --------
    >>> with MemoryTracker() as mine:
    ...     tracker() is mine
    True
    """
    if not _running:
        message = (
            "no tracker is running in this process; load the extension with %load_ext "
            "jupyter_memkit, or in a script write with jupyter_memkit.MemoryTracker() "
            "as tracker:"
        )
        raise MemkitError(message)
    return _running[-1]
