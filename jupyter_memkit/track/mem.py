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
from jupyter_memkit.measure.collector import collector_clock
from jupyter_memkit.measure.peak import PeakMeter, peak_meter
from jupyter_memkit.track.sampler import SAMPLED_INTERVAL_S, Sampler
from jupyter_memkit.wrapping import wrap_calls

_Function = TypeVar("_Function", bound=Callable[..., Any])

# A function that is called all day must not fill the memory with its figures.
_KEPT_RESULTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class MemResult:
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
    error: str | None = None
    runs: int = 1


@final
class Mem:
    """Measures a block, or each call of a function, as made by `mem`."""

    def __init__(self) -> None:
        self._results: deque[MemResult] = deque(maxlen=_KEPT_RESULTS)
        self._lock = threading.Lock()
        self._stretch: _Stretch | None = None

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
            if self._stretch is not None:
                message = "this mem() measures a block already; make another with mem()"
                raise MemkitError(message)
            self._stretch = _Stretch(self._results.append).__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        """End the stretch of work."""
        stretch, self._stretch = self._stretch, None
        assert stretch is not None, "a block is entered before it ends"
        stretch.__exit__(*details)

    def __call__(self, function: _Function) -> _Function:
        """Decorate a function: each of its calls is a stretch of its own."""
        return wrap_calls(function, lambda: _Stretch(self._results.append), "mem")


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


class _Stretch:
    """One stretch of work, which hands its result to a function."""

    def __init__(self, keep: Callable[[MemResult], None]) -> None:
        self._keep = keep

    def __enter__(self) -> _Stretch:  # noqa: PYI034 - Python 3.10 has no Self
        # Ctrl-C in here leaves nothing open behind it.
        with ExitStack() as undo:
            self._collections = collector_clock().open()
            undo.callback(self._collections.close)
            meter = peak_meter()
            self._watch = meter.open()
            undo.callback(self._watch.close)
            if not self._watch.exact:
                sampler = _start_sampler(meter)
                undo.callback(sampler.stop)
            self._undo = undo.pop_all()
        self._started_s = time.perf_counter()
        return self

    def __exit__(self, error_type: object = None, *_: object) -> None:
        duration_s = time.perf_counter() - self._started_s
        # Closing a watch again, as the stack does, changes nothing.
        with self._undo:
            peak = self._watch.close()
            collections = self._collections.close()
        result = MemResult(
            before_bytes=peak.before_bytes,
            peak_bytes=peak.peak_bytes - peak.before_bytes,
            delta_bytes=peak.after_bytes - peak.before_bytes,
            duration_s=duration_s,
            gc_s=collections.duration_s,
            exact=peak.exact,
            error=getattr(error_type, "__name__", None),
        )
        self._keep(result)


def _start_sampler(meter: PeakMeter) -> Sampler:
    def tick() -> None:
        meter.observe()

    sampler = Sampler(tick, lambda: SAMPLED_INTERVAL_S)
    sampler.start()
    return sampler
