"""The metrics of Prometheus, on a real server."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import psutil
import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from jupyter_memkit.server.family_meters import FamilyMeters
from jupyter_memkit.server.kernel_list import KernelLister
from jupyter_memkit.server.kernels import Kernels
from jupyter_memkit.server.metrics import KernelMetrics
from tests.lab_server import LabServer, lab_server
from tests.server.simulated_kernels import SimulatedManager
from tests.waiting import LIMIT_S, wait_until

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.traced_children,
]


def scrape(server: LabServer) -> dict[str, dict[str, float]]:
    """Return the metrics of the kit: for each name, the value for each kernel."""
    return {
        family.name.removeprefix("jupyter_memkit_kernel_"): {
            sample.labels["kernel_id"]: sample.value for sample in family.samples
        }
        for family in text_string_to_metric_families(server.read("GET", "metrics"))
        if family.name.startswith("jupyter_memkit_kernel_")
    }


def test_kernels(tmp_path: Path) -> None:
    """Each kernel has its figures until it is shut down."""
    with lab_server(tmp_path / "lab", "--MemkitServer.metrics_interval=0.1") as server:
        kernel_id = server.start_kernel()
        wait_until(lambda: kernel_id in scrape(server)["memory_bytes"])
        metrics = scrape(server)
        (kernel,) = server.ask("GET", "jupyter_memkit/kernels")["kernels"]
        memory = kernel["memory"]
        limit_bytes = memory["gauge"]["limit_bytes"]
        assert metrics["memory_limit_bytes"] == {kernel_id: limit_bytes}
        assert metrics["children_memory_bytes"] == {kernel_id: 0}
        rss_bytes = psutil.Process(kernel["pid"]).memory_info().rss
        # It may still be starting.
        assert 0 < metrics["memory_bytes"][kernel_id] < 2 * rss_bytes
        assert metrics["last_activity_timestamp_seconds"][kernel_id] > 0
        server.ask("DELETE", f"api/kernels/{kernel_id}")
        assert set(map(str, scrape(server).values())) == {"{}"}


def test_off_unless_asked(tmp_path: Path) -> None:
    """Without the option the server has none of them."""
    with lab_server(tmp_path / "lab") as server:
        server.start_kernel()
        assert scrape(server) == {}


def test_stop(tmp_path: Path) -> None:
    """After their end, which may come twice, the registry has none of them."""
    manager = SimulatedManager({}, tmp_path)
    lister = KernelLister(manager, Kernels(manager), FamilyMeters())
    metrics = KernelMetrics(manager, lister)
    name = "jupyter_memkit_kernel_memory_bytes"

    async def run() -> None:
        metrics.start(LIMIT_S)
        assert name in {family.name for family in REGISTRY.collect()}
        metrics.stop()
        metrics.stop()

    asyncio.run(run())
    assert name not in {family.name for family in REGISTRY.collect()}
