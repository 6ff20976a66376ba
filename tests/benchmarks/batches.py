"""Compares batches for training with loops by hand and torch's own DataLoader.

Usage: ``python -m tests.benchmarks.batches [ROWS]``, by default 2 million rows of five
numbers in a Parquet file with row groups of 20,000. Each figure is the median of five
epochs, each in a fresh process: rows a second, growth of the process, and how far the
order of the rows correlates with that of the file. torch's rows are left out where it
is not installed.
"""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.units import format_bytes

SIZE = 1_024
REPEATS = 5
NAMES = ("n", "a", "b", "c", "y")


def in_order_by_hand(path: str, _reservoir: int) -> Iterator[Any]:
    """Read the file as in pyarrow's documentation, batch by batch."""
    for batch in parquet.ParquetFile(path).iter_batches(SIZE):
        yield np.column_stack([column.to_numpy() for column in batch.columns])


def shuffled_by_hand(path: str, _reservoir: int) -> Iterator[Any]:
    """Read everything, and shuffle it in memory."""
    table = parquet.read_table(path)
    rows = np.column_stack([column.to_numpy() for column in table.columns])
    del table
    order = np.random.default_rng(0).permutation(len(rows))
    for start in range(0, len(rows), SIZE):
        yield rows[order[start : start + SIZE]]


def shuffled_by_torch(path: str, _reservoir: int) -> Iterator[Any]:
    """Give everything to torch's own loader."""
    import torch  # noqa: PLC0415 - only this peer's process needs it

    table = parquet.read_table(path)
    rows = np.column_stack([column.to_numpy() for column in table.columns])
    del table
    dataset = torch.utils.data.TensorDataset(torch.from_numpy(rows))
    for (batch,) in torch.utils.data.DataLoader(dataset, SIZE, shuffle=True):
        yield batch.numpy()


def in_order(path: str, _reservoir: int) -> Iterator[Any]:
    """Batches in the order of the file."""
    return _features(chunked(path).batches(SIZE).numpy("y"))


def shuffled(path: str, reservoir: int) -> Iterator[Any]:
    """Shuffled batches."""
    batches = chunked(path).batches(SIZE, shuffle=reservoir, seed=0)
    return _features(batches.numpy("y"))


def torch_batches(path: str, reservoir: int, n_workers: int = 0) -> Iterator[Any]:
    """Shuffled batches through torch's loader."""
    import torch  # noqa: PLC0415 - only this peer's process needs it

    dataset = chunked(path).batches(SIZE, shuffle=reservoir, seed=0).torch()
    for batch in torch.utils.data.DataLoader(
        dataset, batch_size=None, num_workers=n_workers
    ):
        yield np.column_stack([batch[name].numpy() for name in NAMES])


def torch_workers(path: str, reservoir: int) -> Iterator[Any]:
    """The same in two workers."""
    return torch_batches(path, reservoir, 2)


def _features(batches: Iterator[Any]) -> Iterator[Any]:
    return (features for features, _ in batches)


PEERS: dict[str, Callable[[str, int], Iterator[Any]]] = {
    "by hand, in order": in_order_by_hand,
    "batches, in order": in_order,
    "by hand, shuffled in memory": shuffled_by_hand,
    "batches, shuffled": shuffled,
    "torch, shuffled in memory": shuffled_by_torch,
    "batches, torch": torch_batches,
    "batches, torch, 2 workers": torch_workers,
}


def write_rows(path: Path, n_rows: int) -> None:
    """Write the file, always the same rows."""
    rng = np.random.default_rng(7)
    columns = {"n": np.arange(n_rows, dtype="float64")}
    columns |= {name: rng.normal(size=n_rows) for name in NAMES[1:]}
    parquet.write_table(pa.table(columns), path, row_group_size=20_000)


def run_here(name: str, path: str, n_rows: int) -> None:
    """Run an epoch of a peer in this process, and print its figures."""
    if "torch" in name:
        # As a user has done before.
        importlib.import_module("torch.utils.data")
    # Its pages are in memory before the measurement.
    order = np.full(n_rows, -1.0)
    watch = peak_meter().open()
    start_s = time.perf_counter()
    done = 0
    for batch in PEERS[name](path, n_rows // 10):
        order[done : done + len(batch)] = batch[:, 0]
        done += len(batch)
    duration_s = time.perf_counter() - start_s
    peak = watch.close()
    assert np.array_equal(np.sort(order), np.arange(n_rows))
    correlation = np.corrcoef(np.arange(n_rows), order)[0, 1]
    print(duration_s, peak.peak_bytes - peak.before_bytes, correlation)


def main() -> None:
    """Compare on a file with the given number of rows."""
    n_rows = int(sys.argv[1]) if sys.argv[1:] else 2_000_000
    has_torch = importlib.util.find_spec("torch") is not None
    print(f"{'batches of 1,024 rows':<30}{'rows/s':>12}{'growth':>12}{'order':>8}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        write_rows(path, n_rows)
        for name in PEERS:
            if "torch" in name and not has_torch:
                continue
            command = [sys.executable, "-m", "tests.benchmarks.batches"]
            found = []
            for _ in range(REPEATS):
                done = subprocess.run(
                    [*command, name, str(path), str(n_rows)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                found.append(tuple(map(float, done.stdout.split())))
            duration_s, growth, order = map(median, zip(*found, strict=True))
            print(
                f"{name:<30}{n_rows / duration_s:>12,.0f}"
                f"{format_bytes(int(growth)):>12}{order:>8.3f}",
                flush=True,
            )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run_here(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        main()
