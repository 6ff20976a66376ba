"""Measures a block of code: its peak, what it kept, its time, the collector's time.

Blocks can be nested and overlap in threads, because the meter and the collector's clock
measure each separately. The figures are always those of the whole process.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar, final

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.children import children_meter
from jupyter_memkit.measure.gpu_watch import GpuFigures
from jupyter_memkit.measure.peak import PeakMeter, peak_meter
from jupyter_memkit.measure.stretch import Stretch
from jupyter_memkit.records import Record
from jupyter_memkit.track.sampler import SAMPLED_INTERVAL_S, Sampler
from jupyter_memkit.wrapping import wrap_calls

_Function = TypeVar("_Function", bound=Callable[..., Any])

# The results of a function that is called all day must not fill memory.
_KEPT_RESULTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class MemResult(Record):
    """The memory of the process during a block of code.

    Attributes
    ----------
    before_bytes : int
        Resident memory at the start.
    peak_bytes : int
        The highest resident memory above the start, at least 0. Add `before_bytes` for
        the absolute peak.
    delta_bytes : int
        Resident memory at the end minus that at the start: what was kept or, if
        negative, freed.
    duration_s : float
        The duration, in seconds.
    gc_s : float
        The time of the garbage collector, in seconds.
    exact : bool
        Whether the peak is the system's high-water mark rather than sampled.
    children_peak_bytes : int
        The highest total memory of the child processes above that at the start, without
        what forked ones share with this process. Not included in `peak_bytes`.
    children_exact : bool
        Whether that is the system's own figure rather than sampled.
    gpus : tuple of GpuFigures
        The memory that libraries used on each GPU; of several runs, from the one with
        the highest rise there.
    error : str or None
        The name of the exception that ended the block.
    runs : int
        The number of runs, of which this is the one with the highest peak.
    """

    before_bytes: int
    peak_bytes: int
    delta_bytes: int
    duration_s: float
    gc_s: float
    exact: bool
    children_peak_bytes: int = 0
    children_exact: bool = True
    gpus: tuple[GpuFigures, ...] = ()
    error: str | None = None
    runs: int = 1


@final
class Mem:
    """Measures a block, or each call of a function; created by `mem`."""

    def __init__(self) -> None:
        self._results: deque[MemResult] = deque(maxlen=_KEPT_RESULTS)
        self._lock = threading.Lock()
        self._open: _Measurement | None = None

    @property
    def results(self) -> list[MemResult]:
        """The last 1,000 results, in the order in which the blocks ended."""
        return list(self._results)

    @property
    def result(self) -> MemResult:
        """The latest result."""
        if not self._results:
            message = "nothing has been measured yet; read the result after the block"
            raise MemkitError(message)
        return self._results[-1]

    def __enter__(self) -> Mem:
        """Start measuring."""
        with self._lock:
            if self._open is not None:
                message = (
                    "this mem() already measures a block; create another with mem()"
                )
                raise MemkitError(message)
            self._open = _Measurement(self._results.append).__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        """Stop measuring."""
        measurement, self._open = self._open, None
        assert measurement is not None, "a block is entered before it ends"
        measurement.__exit__(*details)

    def __call__(self, function: _Function) -> _Function:
        """Decorate a function, to measure each of its calls."""
        return wrap_calls(function, lambda: _Measurement(self._results.append), "mem")


def mem() -> Mem:
    """Measure the memory of a block or, as a decorator, of each call.

    On Linux the peak is exact, however short it was. The figures are those of the whole
    process, including memory that other threads take meanwhile.

    Returns
    -------
    Mem
        A context manager and decorator, with the latest `Mem.result` and all
        `Mem.results`. A decorated coroutine or generator function is measured from
        start to end, including the time in which it is suspended.

    Raises
    ------
    MemkitError
        If it is entered again while it measures a block, a result is read before there
        is one, or an asynchronous generator function is decorated.

    Examples
    --------
    >>> with mem() as measured:
    ...     text = "x" * 50_000_000
    >>> measured.result.peak_bytes > 40_000_000
    True

    >>> profile = mem()
    >>> @profile
    ... def work():
    ...     return 6 * 7
    >>> work()
    42
    >>> len(profile.results)
    1
    """
    return Mem()


class _Measurement:
    """One measurement, which passes its result to a function."""

    def __init__(self, keep: Callable[[MemResult], None]) -> None:
        self._keep = keep

    def __enter__(self) -> _Measurement:  # noqa: PYI034 - Python 3.10 has no Self
        # Ctrl-C in here leaves nothing open.
        with ExitStack() as undo:
            peaks = peak_meter()
            self._stretch = Stretch(peaks, children_meter())
            undo.callback(self._stretch.close)
            if not self._stretch.watch.exact:
                sampler = _start_sampler(peaks)
                undo.callback(sampler.stop)
            self._undo = undo.pop_all()
        self._started_s = time.perf_counter()
        return self

    def __exit__(self, error_type: object = None, *_: object) -> None:
        duration_s = time.perf_counter() - self._started_s
        # Closing a measurement again, as the stack does, has no effect.
        with self._undo:
            figures = self._stretch.close()
        result = MemResult(
            before_bytes=figures.before_bytes,
            peak_bytes=figures.peak_bytes - figures.before_bytes,
            delta_bytes=figures.after_bytes - figures.before_bytes,
            duration_s=duration_s,
            gc_s=figures.gc_s,
            exact=figures.exact,
            children_peak_bytes=(
                figures.children_peak_bytes - figures.children_before_bytes
            ),
            children_exact=figures.children_exact,
            gpus=figures.gpus,
            error=getattr(error_type, "__name__", None),
        )
        self._keep(result)


def _start_sampler(meter: PeakMeter) -> Sampler:
    def tick() -> None:
        meter.observe()

    sampler = Sampler(tick, lambda: SAMPLED_INTERVAL_S)
    sampler.start()
    return sampler
