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

for path in sys.argv[1:]:
    # The first file is small: its run pays for what the libraries keep.
    summary = chunked(path, rows=20_000).map(lambda chunk: chunk.sum()).run("sum")
print(summary.rows, summary.peak_bytes - summary.before_bytes)
"""

N_ROWS = 500_000
N_COLUMNS = 8


@pytest.mark.parametrize("name", [".csv", ".parquet"])
def test_memory_is_that_of_a_chunk(tmp_path: Path, name: str) -> None:
    """A table of 31 MiB in chunks of 1.2 MiB grows the process by far less."""
    rng = np.random.default_rng(7)
    # Random, so that the Parquet file is not smaller than the table.
    table = pd.DataFrame(rng.random((N_ROWS, N_COLUMNS))).add_prefix("c")
    paths = [str(tmp_path / f"{part}{name}") for part in ("small", "whole")]
    for path, rows in zip(paths, (20_000, N_ROWS), strict=True):
        if name.endswith("csv"):
            table[:rows].to_csv(path, index=False, float_format="%.3f")
        else:
            table[:rows].to_parquet(path, compression=None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *paths],
        capture_output=True,
        check=True,
        text=True,
    )
    n_rows, growth_bytes = map(int, done.stdout.split())
    assert n_rows == N_ROWS
    assert growth_bytes < N_ROWS * N_COLUMNS * 8 / 2
