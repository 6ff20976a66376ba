"""``%memguard`` stops no cell that peaks at 95 % of the mark.

``MEMKIT_RANDOM_ORDINARY_CELLS=1000`` runs so many cells, in kernels of 50 each.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from statistics import median

import pytest

from tests.guarded_kernel import GuardedKernel
from tests.real_kernel import real_kernel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has both belts there")

N_CELLS = int(os.environ.get("MEMKIT_RANDOM_ORDINARY_CELLS", "19"))
CELLS_OF_A_KERNEL = 50

MARK_BYTES = 500_000_000
PEAK_BYTES = 475_000_000
# What a library takes at most while it is imported, and a program when it starts.
IMPORT_BYTES = 100_000_000
PROGRAM_BYTES = 15_000_000

SETUP = f"""
import ctypes, gc, mmap, subprocess, sys
from multiprocessing.pool import ThreadPool
import numpy as np
from jupyter_memkit.techniques.allocator import release_unused
seen, PROGRAM, IMPORT = [], {PROGRAM_BYTES}, {IMPORT_BYTES}
def used():
    status = open("/proc/self/status").read()
    sizes = [status.split(name)[1].split()[0] for name in ("RssAnon:", "RssShmem:")]
    return sum(map(int, sizes)) * 1024
def see():
    seen.append(used())
def room():
    # What earlier cells left would be freed in this one, or used again.
    gc.collect()
    release_unused()
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    return {PEAK_BYTES} - used()
"""

# Cells that take n bytes at their peak.
KINDS = {
    "an array": "x = np.ones(n // 8); see()",
    "a temporary array": "x = (np.ones(n // 24) + 1) * 2; see(); x = x[:1] + 1",
    "many arrays": "x = [np.ones(12_500) for _ in range(n // 100_000)]; see()",
    "bytes": "x = b'x' * n; see()",
    "small objects": "x = [[0] * 100 for _ in range(n // 870)]; see()",
    "a child": "subprocess.run([sys.executable, '-c', f'b\"x\" * {n - PROGRAM}'])",
    "shared memory": "x = mmap.mmap(-1, n); ctypes.memset(\n"
    "    ctypes.addressof(ctypes.c_char.from_buffer(x)), 1, n); see()",
    "a pool of threads": "with ThreadPool(16) as pool:\n"
    "    x = pool.map(lambda _: np.ones(n // 128), range(16)); see()",
    "threads that add": "with ThreadPool(8) as pool:\n"
    "    x = pool.map(lambda _: (np.ones(n // 192) + 1) * 2, range(8)); see()",
    "a frame": "import pandas as pd\n"
    "x = pd.DataFrame({'a': np.ones(n // 16)}); y = x + 1; see()",
    # pandas holds the result twice for a moment.
    "a concatenation": "x = pd.DataFrame({'a': np.ones(n // 320)})\n"
    "x = pd.concat([x] * 19); see()",
    "an arrow array": "import pyarrow as pa, pyarrow.compute\n"
    "x = pa.array(np.ones(n // 16)); y = pa.compute.add(x, 1); see()",
}
LIBRARIES = [
    "pandas",
    "pyarrow.dataset",
    "matplotlib.pyplot",
    "scipy.linalg",
    "duckdb",
]
# They take less than their room, so what they reach is not counted.
IMPORTS = {
    f"import {name}": f"x = np.ones(max(0, n - IMPORT) // 8); import {name}"
    for name in LIBRARIES
}
# The last cells of a kernel. Once polars is loaded, there is one belt less.
LAST = {
    "polars": {
        "import polars": "x = np.ones(max(0, n - IMPORT) // 8); import polars",
        "a polars series": "x = polars.Series(np.ones(n // 16)); y = x * 2; see()",
    },
    "torch": {
        "import torch": "x = np.ones(max(0, n - 2 * IMPORT) // 8); import torch",
        "a tensor": "x = torch.ones(n // 4); see()",
        "two tensors": "x = torch.ones(n // 8); y = x + 1; see()",
        "a loss": "x = torch.ones(n // 12, requires_grad=True)\n"
        "(x * 2).sum().backward(); see()",
    },
}


def choose(count: int, library: str) -> list[tuple[str, str]]:
    """Return the cells of a kernel; the first import, because that is done once."""
    last = list(LAST[library].items())
    ordinary = itertools.chain(IMPORTS.items(), itertools.cycle(KINDS.items()))
    return [*itertools.islice(ordinary, count - len(last)), *last]


def run_cells(home: Path, cells: list[tuple[str, str]]) -> tuple[list[str], list[int]]:
    """Run cells in a kernel, and return the errors and the memory at their peaks."""
    alarms: list[str] = []
    with real_kernel(home, is_traced=False) as kernel:
        guarded = GuardedKernel(kernel)
        guarded.run(SETUP)
        guarded.run(f"%memguard {MARK_BYTES}B")
        for kind, code in cells:
            guarded.run(f"n = room()\n{code}")
            if guarded.name:
                alarms.append(f"{kind}: {guarded.name} {guarded.text}")
            guarded.run("x = y = None")
        peaks_bytes = guarded.run("print(*seen)")
    return alarms, list(map(int, peaks_bytes.split()))


@pytest.mark.parametrize(
    "library", ["polars", pytest.param("torch", marks=pytest.mark.ml)]
)
def test_ordinary_cells(tmp_path: Path, library: str) -> None:
    """No cell of any kind is stopped, libraries and pools of threads included."""
    alarms: list[str] = []
    peaks_bytes: list[int] = []
    for first in range(0, N_CELLS, CELLS_OF_A_KERNEL):
        cells = choose(min(CELLS_OF_A_KERNEL, N_CELLS - first), library)
        found, peaks = run_cells(tmp_path, cells)
        alarms += found
        peaks_bytes += peaks
    assert not alarms, "\n".join(alarms)
    assert 0.9 * MARK_BYTES < median(peaks_bytes) < MARK_BYTES
