"""Resumes a paused collector when the process has grown beyond a limit.

Python has no hook for the growth of memory, the signal of a timer would interrupt the
user's system calls, and thresholds count objects rather than bytes. So a thread reads
the resident memory twenty times a second, which takes 11 µs each time, and only while a
pause with a limit is active.
"""

from __future__ import annotations

import gc
import threading
import time
from dataclasses import dataclass

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.gc_pausing.avoided import AvoidedCollections
from jupyter_memkit.techniques.gc_pausing.state import Claim, CollectorState

_INTERVAL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption(Record):
    """The early end of a pause whose memory limit was exceeded.

    Attributes
    ----------
    after_s : float
        How long the pause had lasted, in seconds.
    growth_bytes : int
        How much the process had grown by then.
    reclaimed_objects : int
        How many unreachable objects the collection found.
    reclaimed_bytes : int
        How much memory the collection returned to the system.
    collections_avoided : int or None
        How many collections had been avoided by then, as in `GcPause`.
    """

    after_s: float
    growth_bytes: int
    reclaimed_objects: int
    reclaimed_bytes: int
    collections_avoided: int | None


class GrowthWatch:
    """Watches the memory of the process during a pause.

    It does not refer to the pause, so the pause can end when nothing else does.

    Parameters
    ----------
    state : CollectorState
        The state that resumes the collector.
    claim : Claim
        The pause's claim.
    avoided : AvoidedCollections
        The pause's count of avoided collections.
    max_growth_bytes : int
        How much the process may grow.
    """

    def __init__(
        self,
        state: CollectorState,
        claim: Claim,
        avoided: AvoidedCollections,
        max_growth_bytes: int,
    ) -> None:
        self._state = state
        self._claim = claim
        self._avoided = avoided
        self._max_growth_bytes = max_growth_bytes
        self._start_bytes = read_rss_bytes()
        self._started_s = time.perf_counter()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="memkit-gc-growth", daemon=True
        )
        self.resumption: Resumption | None = None
        """The early end of the pause, once it has happened."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for it; a second call does nothing."""
        self._stopping.set()
        # A collection on that thread may delete the pause, and so end it.
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_INTERVAL_S):
            try:
                rss_bytes = read_rss_bytes()
            except MemkitError:
                continue  # For example, too many open files at the moment.
            if rss_bytes - self._start_bytes > self._max_growth_bytes:
                self._resume(rss_bytes)
                return

    def _resume(self, rss_bytes: int) -> None:
        after_s = time.perf_counter() - self._started_s
        avoided = self._avoided.read()
        # Before the collector is resumed, which would collect a second time.
        reclaimed_objects = gc.collect()
        self._state.resume(self._claim)
        try:
            left_bytes = read_rss_bytes()
        except MemkitError:
            left_bytes = rss_bytes
        self.resumption = Resumption(
            after_s=after_s,
            growth_bytes=rss_bytes - self._start_bytes,
            reclaimed_objects=reclaimed_objects,
            reclaimed_bytes=max(0, rss_bytes - left_bytes),
            collections_avoided=avoided,
        )
