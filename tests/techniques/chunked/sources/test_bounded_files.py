"""The memory of runs over files, measured in separate processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pytest
import zarr
from pyarrow import ipc

BUDGET_BYTES = 64 << 20

N_ROWS = 2_000_000

# Lines of text are longer, because a row of text takes much longer to make and read.
N_LINES = 200_000
LINE = "x" * 600

# The run over the first, small file takes the memory that the libraries keep.
SCRIPT = """
import json, sys
from jupyter_memkit.techniques.chunked import chunked

def touch(chunk):
    return len(str(chunk.max() if hasattr(chunk, "max") else max(chunk)))

small, whole, options, budget = sys.argv[1:]
read = json.loads(options)
for path, memory in ((small, None), (whole, int(budget))):
    chunks = chunked(path, memory=memory, read=read)
    summary = chunks.map(touch).run("sum")
print(summary.chunks, summary.rows, summary.peak_bytes - summary.before_bytes)
"""


def write_arrow(path: Path, table: pa.Table, **options: Any) -> None:
    """Write an Arrow file in one batch, or a stream of several."""
    is_stream = path.suffix == ".arrows"
    open_writer = ipc.new_stream if is_stream else ipc.new_file
    write_options = ipc.IpcWriteOptions(**options)
    with open_writer(str(path), table.schema, options=write_options) as writer:
        writer.write_table(table, max_chunksize=None if not options else 50_000)


def write_file(path: Path, rows: int) -> dict[str, Any]:
    """Write a file of random rows, and return the options to read it."""
    rng = np.random.default_rng(7)
    matrix = rng.random((rows, 8))
    table = pa.table({f"c{i}": matrix[:, i] for i in range(8)})
    if path.name.endswith(".lz4.arrow"):
        write_arrow(path, table, compression="lz4")
    elif path.suffix in {".arrow", ".arrows"}:
        write_arrow(path, table)
    elif path.suffix in {".jsonl", ".txt"}:
        lines = (json.dumps({"a": i, "b": LINE}) for i in range(rows))
        path.write_text("\n".join(lines))
    elif path.suffix == ".npy":
        np.save(path, np.asfortranarray(matrix) if "fortran" in path.stem else matrix)
    elif path.suffix == ".npz":
        save = np.savez_compressed if "compressed" in path.stem else np.savez
        save(path, matrix)
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file.create_dataset("x", data=matrix, chunks=(10_000, 8))
    elif path.suffix == ".zarr":
        array: Any = zarr.open(
            str(path), mode="w", shape=matrix.shape, dtype="f8", chunks=(50_000, 8)
        )
        array[...] = matrix
    else:
        path.write_bytes(matrix.tobytes())
        return {"dtype": "8f8"}
    return {}


@pytest.mark.parametrize(
    "name",
    [
        *("one.arrow", "several.lz4.arrow", "one.arrows", "a.jsonl", "a.txt"),
        *("c.npy", "fortran.npy", "plain.npz", "compressed.npz", "a.h5", "a.zarr"),
        "a.bin",
    ],
)
def test_growth_is_within_the_budget(tmp_path: Path, name: str) -> None:
    """A run over a file of twice the budget stays within the budget."""
    (tmp_path / "small").mkdir()
    small, whole = tmp_path / "small" / name, tmp_path / name
    n_rows = N_LINES if name in {"a.jsonl", "a.txt"} else N_ROWS
    options = write_file(small, n_rows // 100)
    write_file(whole, n_rows)
    done = subprocess.run(
        [
            *(sys.executable, "-c", SCRIPT, str(small), str(whole)),
            *(json.dumps(options), str(BUDGET_BYTES)),
        ],
        capture_output=True,
        check=True,
        text=True,
        # Arrow's other pools keep memory, so their peak does not show its use.
        env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"},
    )
    chunks, rows, growth_bytes = map(int, done.stdout.split())
    assert chunks > 2
    assert rows == n_rows
    assert growth_bytes < BUDGET_BYTES
