"""Resumes a paused collector when the process has grown too far.

Python has no hook for "memory has grown", a timer's signal would interrupt the user's
system calls, and raised thresholds count objects, not their bytes. So a thread reads
the resident memory twenty times a second, at 11 µs each, only while a pause with a
limit is active.
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
    """The early end of a pause, because memory ran away.

    Attributes
    ----------
    after_s : float
        How long the pause had lasted, in seconds.
    growth_bytes : int
        By how much the process had grown then.
    reclaimed_objects : int
        How many unreachable objects the collection at that moment found.
    reclaimed_bytes : int
        How much of it the process gave back to the system.
    collections_avoided : int or None
        How many collections had been avoided until then, as in `GcPause`.
    """

    after_s: float
    growth_bytes: int
    reclaimed_objects: int
    reclaimed_bytes: int
    collections_avoided: int | None


class GrowthWatch:
    """Watches the memory of the process during a pause.

    It holds no reference to the pause, which ends when nobody else holds it.

    Parameters
    ----------
    state : CollectorState
        What lets the collector run again.
    claim : Claim
        The pause.
    avoided : AvoidedCollections
        Counts for it.
    max_growth_bytes : int
        By how much the process may grow.
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
        # The collection on that thread may end the pause of a forgotten object.
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_INTERVAL_S):
            try:
                rss_bytes = read_rss_bytes()
            except MemkitError:
                continue  # Too many open files, for a while.
            if rss_bytes - self._start_bytes > self._max_growth_bytes:
                self._resume(rss_bytes)
                return

    def _resume(self, rss_bytes: int) -> None:
        after_s = time.perf_counter() - self._started_s
        avoided = self._avoided.read()
        # Before the collector runs again, or it would collect a second time.
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
