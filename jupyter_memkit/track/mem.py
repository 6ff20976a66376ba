"""Measures a stretch of work: its peak, what it kept, its time, the collector's time.

Stretches nest and overlap in threads, because the meter and the collector's clock
keep each of them apart. The figures are always those of the whole process.
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
from jupyter_memkit.measure.peak import PeakMeter, peak_meter
from jupyter_memkit.measure.stretch import Stretch
from jupyter_memkit.records import Record
from jupyter_memkit.track.sampler import SAMPLED_INTERVAL_S, Sampler
from jupyter_memkit.wrapping import wrap_calls

_Function = TypeVar("_Function", bound=Callable[..., Any])

# A function that is called all day must not fill the memory with its figures.
_KEPT_RESULTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class MemResult(Record):
    """What a stretch of work did to the memory of the process.

    Attributes
    ----------
    before_bytes : int
        Resident memory at the start.
    peak_bytes : int
        The highest resident memory above the start, at least 0. With
        `before_bytes` added it is the highest of all.
    delta_bytes : int
        Resident memory at the end minus at the start: what was kept, or, when
        negative, given back.
    duration_s : float
        How long it took, in seconds.
    gc_s : float
        How long the garbage collector ran in it, in seconds.
    exact : bool
        Whether the peak is the system's own, or the highest of the samples.
    children_peak_bytes : int
        The highest memory of the child processes together above that at the start,
        without what forked ones share with this process. Not in `peak_bytes`.
    children_exact : bool
        Whether that is the system's own figure, or can have missed something.
    error : str or None
        The name of the exception that ended it.
    runs : int
        Of how many runs this is the one with the highest peak.
    """

    before_bytes: int
    peak_bytes: int
    delta_bytes: int
    duration_s: float
    gc_s: float
    exact: bool
    children_peak_bytes: int = 0
    children_exact: bool = True
    error: str | None = None
    runs: int = 1


@final
class Mem:
    """Measures a block, or each call of a function, as made by `mem`."""

    def __init__(self) -> None:
        self._results: deque[MemResult] = deque(maxlen=_KEPT_RESULTS)
        self._lock = threading.Lock()
        self._open: _Measurement | None = None

    @property
    def results(self) -> list[MemResult]:
        """The last 1,000 results in the order in which they ended."""
        return list(self._results)

    @property
    def result(self) -> MemResult:
        """The latest result."""
        if not self._results:
            message = "nothing has been measured yet; read the result after the block"
            raise MemkitError(message)
        return self._results[-1]

    def __enter__(self) -> Mem:
        """Start a stretch of work."""
        with self._lock:
            if self._open is not None:
                message = "this mem() measures a block already; make another with mem()"
                raise MemkitError(message)
            self._open = _Measurement(self._results.append).__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        """End the stretch of work."""
        measurement, self._open = self._open, None
        assert measurement is not None, "a block is entered before it ends"
        measurement.__exit__(*details)

    def __call__(self, function: _Function) -> _Function:
        """Decorate a function: each of its calls is a stretch of its own."""
        return wrap_calls(function, lambda: _Measurement(self._results.append), "mem")


def mem() -> Mem:
    """Measure the memory of a block or, as a decorator, of each call.

    On Linux the peak is the system's own, however short it was. Memory that other
    threads take meanwhile is in the figures, for they are those of the process.

    Returns
    -------
    Mem
        A context manager and a decorator, with the latest `Mem.result` and all of
        the `Mem.results`. A decorated coroutine or generator function is measured
        from its start to its end, the time in which it is suspended included.

    Raises
    ------
    MemkitError
        When one that measures a block is entered again, when a result is read before
        there is one, or when an asynchronous generator function is decorated.

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
    """One stretch of work, which hands its result to a function."""

    def __init__(self, keep: Callable[[MemResult], None]) -> None:
        self._keep = keep

    def __enter__(self) -> _Measurement:  # noqa: PYI034 - Python 3.10 has no Self
        # Ctrl-C in here leaves nothing open behind it.
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
        # Closing a stretch again, as the stack does, changes nothing.
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
            error=getattr(error_type, "__name__", None),
        )
        self._keep(result)


def _start_sampler(meter: PeakMeter) -> Sampler:
    def tick() -> None:
        meter.observe()

    sampler = Sampler(tick, lambda: SAMPLED_INTERVAL_S)
    sampler.start()
    return sampler
