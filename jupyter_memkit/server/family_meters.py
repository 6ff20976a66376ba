"""Reads the memory of many kernels, and what they have in common only once.

Nothing is read here that takes longer the more memory a process has.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from jupyter_memkit import protocol
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.children_probe import children_probe
from jupyter_memkit.measure.gauge import GaugeMeter
from jupyter_memkit.measure.headroom import read_use
from jupyter_memkit.measure.process import is_running
from jupyter_memkit.measure.process_tree import ProcessTree
from jupyter_memkit.server.meters import KernelMeter

# Finding the limits of 50 kernels takes tens of milliseconds.
_LIMITS_KEPT_S = 120.0
_PAUSE_S = 0.0002


class FamilyMeters:
    """Reads kernels with their child processes."""

    def __init__(self) -> None:
        self._tree = ProcessTree()
        self._use = _SharedUse()
        self._meters: dict[int, KernelMeter] = {}
        self._lock = threading.Lock()

    def read(
        self, pids: Iterable[int]
    ) -> dict[int, protocol.FamilyMemory | protocol.Unknown]:
        """Return the memory of processes, or why it is unknown.

        Parameters
        ----------
        pids : iterable of int
            All kernels; others are forgotten.
        """
        with self._lock:
            self._tree.refresh()
            self._use.forget()
            self._meters = {
                pid: self._meters.get(pid) or self._build_meter(pid) for pid in pids
            }
            memory = {}
            for pid, meter in self._meters.items():
                memory[pid] = _read(meter)
                # The event loop would otherwise wait for the interpreter's lock, which
                # short system calls give up and take back before another thread can.
                time.sleep(_PAUSE_S)
            return memory

    def _build_meter(self, pid: int) -> KernelMeter:
        probe = children_probe(pid, self._tree.find_descendants)
        return KernelMeter(
            pid,
            ChildrenMeter(probe, reads_private=False),
            GaugeMeter(pid, limits_kept_s=_LIMITS_KEPT_S, read_use=self._use.read),
        )


class _SharedUse:
    """Reads only once what counts against the limits that kernels share."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def forget(self) -> None:
        self._known.clear()

    def read(self, counter: str, family_bytes: int) -> int:
        if counter == "family":
            return family_bytes
        if counter not in self._known:
            self._known[counter] = read_use(counter, family_bytes)
        return self._known[counter]


def _read(meter: KernelMeter) -> protocol.FamilyMemory | protocol.Unknown:
    try:
        return meter.read()
    except MemkitError:
        return "refused" if is_running(meter.pid) else "ended"
