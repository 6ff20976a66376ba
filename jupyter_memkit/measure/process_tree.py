"""The descendants of many processes, found in one pass over the machine's processes.

For a single process `find_descendants` is faster. A pass takes longer the more
processes the machine has, so its interval grows with its cost.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from jupyter_memkit.measure.descendants import find_below, read_children
from jupyter_memkit.measure.pace import Pace

_SHARE = 1 / 1000


class ProcessTree:
    """Which process started which.

    Parameters
    ----------
    clock, cost : callable
        The two clocks of the `Pace` of the passes.
    proc : str
        The mount point of the proc file system, or a fake one in tests.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.perf_counter,
        cost: Callable[[], float] = time.thread_time,
        proc: str = "/proc",
    ) -> None:
        self._pace = Pace(clock, cost, _SHARE)
        self._proc = proc
        self._children: dict[int, list[int]] = {}
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Read it again, if the pace allows."""
        with self._lock:
            if self._pace.is_due():
                self._pace.timed(self._read)

    def find_descendants(self, pid: int) -> list[int]:
        """Return the ids of all descendants of a process at the last pass.

        Parameters
        ----------
        pid : int
            The process.
        """
        with self._lock:
            return find_below(pid, self._children)

    def _read(self) -> None:
        self._children = read_children(self._proc)
