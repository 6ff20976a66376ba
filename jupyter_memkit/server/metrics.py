"""Offers the memory of the kernels to Prometheus, if the administrator asks for it.

Jupyter Server responds to ``/metrics`` on its event loop, so a response contains the
latest list, which is read in a thread at an interval.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from tornado.ioloop import PeriodicCallback
from traitlets import Float
from traitlets.config import Configurable

from jupyter_memkit import protocol
from jupyter_memkit.server.kernel_list import KernelLister

_LABELS = ("kernel_id", "spec")


class MemkitServer(Configurable):
    """The options of the server extension."""

    metrics_interval = Float(
        default_value=0.0,
        min=0.0,
        help="How often the memory of each kernel is read for the server's /metrics, "
        "in seconds; by default, it is not read.",
    ).tag(config=True)


class KernelMetrics(Collector):
    """The latest list of kernels as metrics of Prometheus.

    Parameters
    ----------
    manager : jupyter_server.services.kernels.kernelmanager.MappingKernelManager
        The server's kernels.
    lister : KernelLister
        Lists them.
    """

    def __init__(self, manager: Any, lister: KernelLister) -> None:
        self._manager = manager
        self._lister = lister
        self._latest: list[protocol.KernelMemory] = []
        self._reading: PeriodicCallback | None = None

    def start(self, interval_s: float) -> None:
        """Read now, and at an interval on the server's event loop."""
        self._reading = PeriodicCallback(self.refresh, 1000 * interval_s)
        self._reading.start()
        self._reading.io_loop.add_callback(self.refresh)
        REGISTRY.register(self)

    def stop(self) -> None:
        """Stop reading, and remove the metrics."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.stop()
            REGISTRY.unregister(self)

    async def refresh(self) -> None:
        """Read the list."""
        self._latest = json.loads(await self._lister.list_json())["kernels"]

    def describe(self) -> list[GaugeMetricFamily]:
        """Return the metrics without kernels, for the registry."""
        return list(_families([]))

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics of the kernels that have not been shut down since."""
        return _families(
            [each for each in self._latest if each["kernel_id"] in self._manager]
        )


def _families(kernels: list[protocol.KernelMemory]) -> Iterator[GaugeMetricFamily]:
    memory = GaugeMetricFamily(
        "jupyter_memkit_kernel_memory_bytes",
        "Resident memory of the kernel's process",
        labels=_LABELS,
    )
    children = GaugeMetricFamily(
        "jupyter_memkit_kernel_children_memory_bytes",
        "Resident memory of the kernel's child processes",
        labels=_LABELS,
    )
    limit = GaugeMetricFamily(
        "jupyter_memkit_kernel_memory_limit_bytes",
        "The limit on the kernel's memory with the least room",
        labels=(*_LABELS, "limit"),
    )
    active = GaugeMetricFamily(
        "jupyter_memkit_kernel_last_activity_timestamp_seconds",
        "Time of the kernel's last activity",
        labels=_LABELS,
    )
    for kernel in kernels:
        labels = [kernel["kernel_id"], kernel["spec"]]
        if kernel["memory"] is not None:
            memory.add_metric(labels, kernel["memory"]["rss_bytes"])
            children.add_metric(labels, kernel["memory"]["children_bytes"])
            gauge = kernel["memory"]["gauge"]
            if gauge is not None:
                limit.add_metric([*labels, gauge["name"]], gauge["limit_bytes"])
        if kernel["active_s"] is not None:
            active.add_metric(labels, kernel["active_s"])
    yield from (memory, children, limit, active)
