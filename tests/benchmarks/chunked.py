"""Compare chunked with the loops that one writes by hand, over a table of orders.

Usage: ``python -m tests.benchmarks.chunked [ROWS]``, by default 2 million rows.
Each figure is the median of five runs, each in a fresh process, of the same group-sum
body over chunks of 500,000 rows; the ratio is to the loop by hand on the same file.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.units import format_bytes

ROWS_PER_CHUNK = 500_000
BLOCK_ROWS = 2_000_000
REPEATS = 5


def body(chunk: Any) -> Any:
    """Return the revenue by category: what the user's cell does."""
    return (chunk.price * chunk.qty).groupby(chunk.cat).sum()


def run_pandas_loop(path: str) -> Any:
    """Read a CSV as pandas' documentation shows it."""
    parts = [body(chunk) for chunk in pd.read_csv(path, chunksize=ROWS_PER_CHUNK)]
    return pd.concat(parts).groupby(level=0).sum()


def run_arrow_loop(path: str) -> Any:
    """Read a Parquet file as pyarrow's documentation shows it."""
    batches = parquet.ParquetFile(path).iter_batches(batch_size=ROWS_PER_CHUNK)
    parts = [body(batch.to_pandas()) for batch in batches]
    return pd.concat(parts).groupby(level=0).sum()


def run_chunked(path: str) -> Any:
    """Read either with jupyter_memkit."""
    return chunked(path, rows=ROWS_PER_CHUNK).map(body).reduce("sum")


PEERS = {"pandas": run_pandas_loop, "pyarrow": run_arrow_loop, "chunked": run_chunked}


def write_orders(folder: Path, n_rows: int) -> None:
    """Write orders.csv and orders.parquet, always the same rows."""
    categories = np.array(["alpha", "beta", "gamma", "delta", "epsilon"])
    rng = np.random.default_rng(7)
    writers: list[Any] = []
    for start in range(0, n_rows, BLOCK_ROWS):
        n = min(BLOCK_ROWS, n_rows - start)
        table = pa.table(
            {
                "id": np.arange(start, start + n),
                "user": rng.integers(0, 100_000, n).astype("int32"),
                "cat": pa.array(categories[rng.integers(0, 5, n)]),
                "price": rng.random(n).round(4) * 100,
                "qty": rng.integers(1, 50, n).astype("int32"),
            }
        )
        if not writers:
            writers = [
                csv.CSVWriter(folder / "orders.csv", table.schema),
                parquet.ParquetWriter(folder / "orders.parquet", table.schema),
            ]
        writers[0].write_table(table)
        writers[1].write_table(table, row_group_size=500_000)
    for writer in writers:
        writer.close()


def measure(peer: str, path: Path) -> tuple[float, int]:
    """Return seconds and growth in bytes, each the median over fresh processes."""
    results = []
    for _ in range(REPEATS):
        command = [sys.executable, "-m", "tests.benchmarks.chunked", peer, str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        duration_s, growth_bytes = done.stdout.split()
        results.append((float(duration_s), int(growth_bytes)))
    return median(r[0] for r in results), int(median(r[1] for r in results))


def compare(n_rows: int) -> None:
    """Print the table."""
    print(f"{'file':<9}{'reader':<9}{'time':>9}{'ratio':>8}{'growth':>12}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as folder:
        write_orders(Path(folder), n_rows)
        for kind, by_hand in (("csv", "pandas"), ("parquet", "pyarrow")):
            path = Path(folder) / f"orders.{kind}"
            base_s, base_bytes = measure(by_hand, path)
            own_s, own_bytes = measure("chunked", path)
            for name, time_s, growth_bytes in (
                (by_hand, base_s, base_bytes),
                ("chunked", own_s, own_bytes),
            ):
                print(
                    f"{kind:<9}{name:<9}{time_s:>7.2f} s{time_s / base_s:>8.2f}"
                    f"{format_bytes(growth_bytes):>12}{growth_bytes / base_bytes:>8.2f}"
                )


def run_peer(peer: str, path: str) -> None:
    """Run one peer in this process and print what it took."""
    watch = peak_meter().open()
    start_s = time.perf_counter()
    PEERS[peer](path)
    duration_s = time.perf_counter() - start_s
    peak = watch.close()
    print(duration_s, peak.peak_bytes - peak.before_bytes)


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in PEERS:
        run_peer(*sys.argv[1:])
    else:
        compare(int(sys.argv[1]) if sys.argv[1:] else 2_000_000)
