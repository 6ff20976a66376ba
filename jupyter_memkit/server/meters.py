"""Reads the memory of kernels from outside."""

from __future__ import annotations

import time

from jupyter_memkit import protocol
from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.children_probe import children_probe
from jupyter_memkit.measure.gauge import Gauge, GaugeMeter
from jupyter_memkit.measure.process import read_rss_bytes


class KernelMeter:
    """Reads the process of a kernel, and its children.

    Parameters
    ----------
    pid : int
        The process.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._children = ChildrenMeter(children_probe(pid))
        self._gauge = GaugeMeter(pid)

    def read(self) -> protocol.ServerReading:
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
            "type": "server_reading",
            "protocol": protocol.PROTOCOL_VERSION,
            "t_s": time.time(),
            "is_alive": True,
            "rss_bytes": rss_bytes,
            "children_bytes": children_bytes,
            "gauge": None if gauge is None else gauge_message(gauge),
        }


def gauge_message(gauge: Gauge) -> protocol.Gauge:
    """Build the part of a message with the gauge."""
    return {
        "limit_bytes": gauge.limit_bytes,
        "used_bytes": gauge.used_bytes,
        "name": gauge.name,
        "covers": gauge.covers,
    }


def ended_reading() -> protocol.ServerReading:
    """Return the reading of a process that has ended."""
    return {
        "type": "server_reading",
        "protocol": protocol.PROTOCOL_VERSION,
        "t_s": time.time(),
        "is_alive": False,
        "rss_bytes": 0,
        "children_bytes": 0,
        "gauge": None,
    }
