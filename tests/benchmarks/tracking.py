"""What being tracked costs: ``python -m tests.benchmarks.tracking``.

The time of an empty cell with and without the extension, and what loading takes.
Each run is a process of its own; the table shows the medians of five.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_memkit.units import format_bytes, format_duration
from tests.real_kernel import real_kernel

RUNS = 5
CELLS = 1000

LOAD = """
import os, time
def rss_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before_bytes, start_s = rss_bytes(), time.perf_counter()
get_ipython().extension_manager.load_extension("jupyter_memkit")
print(time.perf_counter() - start_s, rss_bytes() - before_bytes)
"""


def time_of_empty_cell(*, is_tracked: bool) -> float:
    """Return the median seconds of an empty cell in this process."""
    config = Config()
    config.HistoryManager.enabled = False
    shell: Any = InteractiveShell(config=config)
    if is_tracked:
        shell.extension_manager.load_extension("jupyter_memkit")
    durations_s = []
    for _ in range(CELLS):
        start_s = time.perf_counter()
        shell.run_cell("pass", store_history=True)
        durations_s.append(time.perf_counter() - start_s)
    return statistics.median(durations_s)


def measure_cells(*, is_tracked: bool) -> float:
    """Return the median over fresh processes."""
    command = [sys.executable, "-m", __spec__.name, json.dumps(is_tracked)]
    return statistics.median(
        float(subprocess.run(command, check=True, capture_output=True).stdout)
        for _ in range(RUNS)
    )


def measure_load() -> tuple[float, int]:
    """Return seconds and bytes that loading takes, over fresh kernels."""
    results = []
    for _ in range(RUNS):
        with (
            tempfile.TemporaryDirectory() as home,
            real_kernel(Path(home), JUPYTER_MEMKIT_AUTOLOAD="0") as kernel,
        ):
            duration_s, growth_bytes = kernel.run(LOAD).split()
            results.append((float(duration_s), int(growth_bytes)))
    return (
        statistics.median(duration_s for duration_s, _ in results),
        int(statistics.median(growth_bytes for _, growth_bytes in results)),
    )


def compare() -> None:
    """Print the table."""
    plain_s = measure_cells(is_tracked=False)
    tracked_s = measure_cells(is_tracked=True)
    load_s, load_bytes = measure_load()
    print(f"an empty cell, plain     {format_duration(plain_s):>12}")
    print(f"an empty cell, tracked   {format_duration(tracked_s):>12}")
    print(f"so it pays               {(tracked_s - plain_s) * 1000:>9.3f} ms")
    print(f"loading in a kernel      {format_duration(load_s):>12}")
    print(f"loading in a kernel      {format_bytes(load_bytes):>12}")


if __name__ == "__main__":
    if sys.argv[1:]:
        print(time_of_empty_cell(is_tracked=json.loads(sys.argv[1])))
    else:
        compare()
