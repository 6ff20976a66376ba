"""The cost of the list of kernels: ``python -m tests.benchmarks.kernel_list``.

Any processes stand in for kernels, each with as many threads as a Python kernel has.

1. The CPU time per second that the list takes while a page shows it, and that the loop
   of jupyter-resource-usage takes, which reads the same processes once a second.
2. How much later than asked the server's event loop runs meanwhile, which is how much
   longer its other requests take, compared with a loop that has nothing to do.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

from jupyter_memkit.server.family_meters import FamilyMeters
from jupyter_memkit.server.kernel_list import KernelLister
from jupyter_memkit.server.kernels import Kernels
from tests.server.simulated_kernels import SimulatedManager

THREADS = 11
KERNEL = f"""
import threading, time
for _ in range({THREADS} - 1):
    threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
print(flush=True)
time.sleep(1e6)
"""
# How often a page asks, and how often jupyter-resource-usage reads.
PAGE_S = 3.0
PEER_S = 1.0
TICK_S = 0.005

Read = Callable[[], Awaitable[object]]


@contextlib.contextmanager
def kernels(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run processes for the length of a with block."""
    command = [sys.executable, "-S", "-c", KERNEL]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(count)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


async def repeat(read: Read, interval_s: float, seconds: float) -> None:
    """Read once per interval."""
    for _ in range(round(seconds / interval_s)):
        await read()
        await asyncio.sleep(interval_s)


async def measure_cpu(read: Read, interval_s: float, seconds: float) -> float:
    """Return the CPU time of this process per second while it reads."""
    await read()
    cpu_s, start_s = time.process_time(), time.perf_counter()
    await repeat(read, interval_s, seconds)
    return (time.process_time() - cpu_s) / (time.perf_counter() - start_s)


async def measure_lateness(read: Read, seconds: float) -> list[float]:
    """Return the seconds by which each turn of the loop is late while it reads."""
    late_s = []

    async def tick() -> None:
        while True:
            start_s = time.perf_counter()
            await asyncio.sleep(TICK_S)
            late_s.append(time.perf_counter() - start_s - TICK_S)

    ticking = asyncio.ensure_future(tick())
    # Without a pause, so that each turn meets a reading.
    deadline_s = time.perf_counter() + seconds
    while time.perf_counter() < deadline_s:
        await read()
        # The loop of jupyter-resource-usage reads on the event loop itself.
        await asyncio.sleep(0)
    ticking.cancel()
    return sorted(late_s)


def peer() -> Read:
    """Return the reading of jupyter-resource-usage's loop.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    config = importlib.import_module("jupyter_resource_usage.config")
    metrics = importlib.import_module("jupyter_resource_usage.metrics")
    settings = {"jupyter_resource_usage_display_config": config.ResourceUseDisplay()}
    application: Any = SimpleNamespace(web_app=SimpleNamespace(settings=settings))
    loader = metrics.PSUtilMetricsLoader(application)

    async def read() -> object:
        return loader.memory_metrics()

    return read


async def nothing() -> None:
    """Read nothing, for as long as a list takes at most."""
    await asyncio.sleep(0.01)


async def compare(count: int, seconds: float, folder: Path) -> None:
    """Print the CPU time and the lateness of both."""
    with kernels(count) as processes:
        manager = SimulatedManager({str(each.pid): each for each in processes}, folder)
        local, meters = Kernels(manager), FamilyMeters()

        async def read() -> object:
            # A new lister each time, which has no list to share yet.
            return await KernelLister(manager, local, meters).list_json()

        reads: dict[str, tuple[Read, float]] = {
            "the list of kernels": (read, PAGE_S),
            "a loop with nothing to do": (nothing, PAGE_S),
        }
        try:
            reads["jupyter-resource-usage's loop"] = (peer(), PEER_S)
        except ImportError as error:
            print(f"jupyter-resource-usage was not measured: {error}")
        for name, (each, interval_s) in reads.items():
            cpu = await measure_cpu(each, interval_s, seconds)
            late_s = await measure_lateness(each, seconds / 4)
            print(
                f"{name}, {count} kernels: {cpu * 1000:.2f} ms of CPU a second; while "
                f"it reads, the event loop is late by {median(late_s) * 1000:.2f} ms "
                f"in the middle, by {late_s[int(len(late_s) * 0.99)] * 1000:.2f} ms "
                f"once in a hundred, by {late_s[-1] * 1000:.2f} ms at most"
            )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description="Measures the list of kernels.")
    parser.add_argument("--kernels", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(options.kernels, options.seconds, Path(folder)))


if __name__ == "__main__":
    main()
