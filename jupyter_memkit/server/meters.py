"""Reads the memory of kernels from outside."""

from __future__ import annotations

import time

from jupyter_memkit import protocol
from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.children_probe import children_probe
from jupyter_memkit.measure.gauge import GaugeMeter, gauge_message
from jupyter_memkit.measure.process import read_rss_bytes


class KernelMeter:
    """Reads the process of a kernel, and its children.

    Parameters
    ----------
    pid : int
        The process.
    children : ChildrenMeter, optional
        Measures its children; by default also what forked ones copied from it.
    gauge : GaugeMeter, optional
        Reads its gauge.
    """

    def __init__(
        self,
        pid: int,
        children: ChildrenMeter | None = None,
        gauge: GaugeMeter | None = None,
    ) -> None:
        self.pid = pid
        self._children = children or ChildrenMeter(children_probe(pid))
        self._gauge = gauge or GaugeMeter(pid)

    def read(self) -> protocol.FamilyMemory:
        """Return the memory now.

        Raises
        ------
        MemkitError
            If the process has ended, or the system does not allow reading it.
        """
        rss_bytes = read_rss_bytes(self.pid)
        children_bytes = self._children.observe().bytes
        gauge = self._gauge.read(rss_bytes + children_bytes)
        return {
            "rss_bytes": rss_bytes,
            "children_bytes": children_bytes,
            "at_least": self._children.has_forks,
            "gauge": gauge_message(gauge),
        }


def reading_message(memory: protocol.FamilyMemory | None) -> protocol.ServerReading:
    """Build the reply with the memory of a process; None if it has ended."""
    return {
        "type": "server_reading",
        "protocol": protocol.PROTOCOL_VERSION,
        "t_s": time.time(),
        "is_alive": memory is not None,
        "rss_bytes": memory["rss_bytes"] if memory else 0,
        "children_bytes": memory["children_bytes"] if memory else 0,
        "gauge": memory["gauge"] if memory else None,
    }
