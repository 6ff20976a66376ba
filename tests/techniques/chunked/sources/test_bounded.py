"""The memory of a run, measured in a separate process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

SCRIPT = """
import sys
from jupyter_memkit.techniques.chunked import chunked

for path in sys.argv[1:]:
    # The run over the first, small file takes the memory that the libraries keep.
    summary = chunked(path, rows=20_000).map(lambda chunk: chunk.sum()).run("sum")
print(summary.rows, summary.peak_bytes - summary.before_bytes)
"""

N_COLUMNS = 8


@pytest.mark.parametrize(
    ("kind", "n_rows"), [("csv", 1_000_000), ("parquet", 2_000_000)]
)
def test_memory_is_that_of_a_chunk(tmp_path: Path, kind: str, n_rows: int) -> None:
    """The process grows far less than a table in chunks of 1.2 MiB would take."""
    rng = np.random.default_rng(7)
    # Random, so that the Parquet file is not smaller than the table.
    table = pa.table({f"c{i}": rng.random(n_rows) for i in range(N_COLUMNS)})
    paths = [tmp_path / f"{name}.{kind}" for name in ("small", "whole")]
    for path, rows in zip(paths, (20_000, n_rows), strict=True):
        if kind == "csv":
            csv.write_csv(table[:rows], path)
        else:
            parquet.write_table(table[:rows], path, compression="none")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, paths)],
        capture_output=True,
        check=True,
        text=True,
        # Arrow's other pools keep memory, so their peak does not show its use.
        env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"},
    )
    rows, growth_bytes = map(int, done.stdout.split())
    assert rows == n_rows
    assert growth_bytes < n_rows * N_COLUMNS * 8 * 0.7
