"""The memory of a run, measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SCRIPT = """
import sys
from jupyter_memkit.techniques.chunked import chunked
import pandas, pyarrow.parquet

job = chunked(sys.argv[1], rows=20_000).map(lambda chunk: chunk.sum())
job.run("sum", progress=None)
# The first run paid for what the libraries keep.
summary = job.run("sum")
print(summary.rows, summary.peak_bytes - summary.before_bytes, summary.exact)
"""

N_ROWS = 1_000_000
N_COLUMNS = 8


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_memory_is_that_of_a_chunk(tmp_path: Path, name: str) -> None:
    """A table of 61 MiB in chunks of 1.2 MiB grows the process by far less."""
    rng = np.random.default_rng(7)
    table = pd.DataFrame(rng.integers(0, 99, (N_ROWS, N_COLUMNS))).add_prefix("c")
    path = tmp_path / name
    if name.endswith("csv"):
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path, compression=None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)],
        capture_output=True,
        check=True,
        text=True,
    )
    rows, growth_bytes, _exact = done.stdout.split()
    assert int(rows) == N_ROWS
    assert int(growth_bytes) < N_ROWS * N_COLUMNS * 8 / 4
