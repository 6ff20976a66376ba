"""The tracker: the Python API to everything that is tracked over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.children import ChildrenMeter, children_meter
from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.measure.peak import PeakMeter, peak_meter
from jupyter_memkit.track.cells import CellAccounts, CellRecord, OpenCell
from jupyter_memkit.track.clock import ForwardClock
from jupyter_memkit.track.highest import Highest, HighestMemory
from jupyter_memkit.track.history import History, Sample
from jupyter_memkit.track.moment import Moment, Reading
from jupyter_memkit.track.sampler import SAMPLED_INTERVAL_S, Sampler

if TYPE_CHECKING:  # imported only when a reading is taken
    from jupyter_memkit.measure.gpu import GpuMeter, GpuReading
    from jupyter_memkit.track.largest import LargestVariables

_BUSY_INTERVAL_S = 0.2
_IDLE_INTERVAL_S = 1.0


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
        self._clock = clock or ForwardClock()
        self._accounts = CellAccounts(self._meter, self._children, self._clock)
        self._history = History()
        self._latest = Sample(t_s=0.0, rss_bytes=0, peak_bytes=0, children_bytes=0)
        self._sampler = Sampler(self.sample, self._interval_s)
        self._observers: list[Callable[[], None]] = []
        self._cell_observers: list[tuple[Callable[[], None], Callable[[], None]]] = []
        self._cells_reported = 0
        self._highest = HighestMemory()
        self._moment = Moment(self._clock, self._children, gpu, self._accounts.see_gpu)
        self.started_s = self._clock()
        """The time at which the tracker was created, in seconds since the epoch."""
        self.largest: LargestVariables | None = None
        """Measures the variables after cells; None where there are no cells."""

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
        self._moment.close()
        if self in _running:
            _running.remove(self)

    def now(self) -> Reading:
        """Return the current memory of this process."""
        children = self._children.observe()
        return self._moment.read(self._meter.read_rss_bytes(), children)

    def latest_reading(self) -> Reading:
        """Return the latest reading that was stored, with the limit, swap and GPUs."""
        return self._moment.read_at(self._latest)

    def gauge(self) -> Gauge | None:
        """Return the gauge at the latest reading that was stored; read once for each.

        Returns
        -------
        Gauge or None
            The limit with the least room, and all that counts against it; None if no
            limit could be read.
        """
        return self._moment.gauge(self._latest)

    @property
    def highest(self) -> Highest | None:
        """The highest memory since the tracker started; None before a reading."""
        return self._highest.highest

    def gpu(self) -> GpuReading:
        """Return the memory of the GPUs, read at most once a second."""
        return self._moment.gpu()

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
        """The running cell, if any; the one that started first if there are several."""
        return self._accounts.running

    @property
    def running_here(self) -> OpenCell | None:
        """The running cell of this thread, if any; each subshell has its own."""
        return self._accounts.running_here

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
        self._cell_observers.append((begins, ended))

    def unobserve_cells(
        self, begins: Callable[[], None], ended: Callable[[], None]
    ) -> None:
        """Stop calling them."""
        if (begins, ended) in self._cell_observers:
            self._cell_observers.remove((begins, ended))

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
        for begins, _ in tuple(self._cell_observers):
            begins()
        return cell

    def end_cell(self, cell: OpenCell, *, error: str | None) -> None:
        """Close the record of a cell that has run."""
        record = self._accounts.end(cell, error=error)
        ended_s = record.started_s + record.duration_s
        self._remember(ended_s, record.after_bytes, record.peak_bytes)
        self._highest.end(record, self._latest.children_bytes)
        self._sampler.wake()
        for _, ended in tuple(self._cell_observers):
            ended()

    def sample(self) -> None:
        """Take a reading, store it, and call the observers."""
        reading = self._meter.observe()
        self._children.observe()
        self._accounts.see(reading.rss_bytes)
        running = self._accounts.running
        self._remember(self._clock(), reading.rss_bytes, reading.peak_bytes)
        self._highest.see(self._latest, running, exact=self._meter.exact)
        self._moment.sample_gpu()
        self._cells_reported = self._accounts.ended
        for observer in tuple(self._observers):
            observer()

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
