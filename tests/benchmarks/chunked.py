"""Compares chunked with hand-written loops, over a table of orders.

Usage: ``python -m tests.benchmarks.chunked [ROWS]``, by default 2 million rows.
Each figure is the median of five runs of the same group-sum body, each in a fresh
process; the ratio is to the hand-written loop on the same file. A second table shows
the growth of the process within budgets, for three bodies: the worst of ten runs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.units import format_bytes, parse_bytes

ROWS_PER_CHUNK = 500_000
BLOCK_ROWS = 2_000_000
REPEATS = 5
COLUMNS = ["cat", "price", "qty"]


def body(chunk: Any) -> Any:
    """Return the revenue by category, as the user's cell does."""
    return (chunk.price * chunk.qty).groupby(chunk.cat, observed=True).sum()


def add_up(parts: Iterable[Any]) -> Any:
    """Return the sum of the chunks' results."""
    return pd.concat(list(parts)).groupby(level=0).sum()


def run_pandas_loop(path: str) -> Any:
    """Read a CSV file as in pandas' documentation."""
    return add_up(map(body, pd.read_csv(path, chunksize=ROWS_PER_CHUNK)))


def run_arrow_blocks(path: str) -> Any:
    """Read a CSV file in blocks of lines by pyarrow: the bare loop of our reader."""
    names = ["id", "user", "cat", "price", "qty"]
    options = {
        "read_options": csv.ReadOptions(column_names=names, block_size=1 << 21),
        "convert_options": csv.ConvertOptions(include_columns=COLUMNS),
    }

    def read_blocks() -> Iterator[Any]:
        with Path(path).open("rb") as file:
            file.readline()
            while lines := file.read(8 << 20):
                lines += file.readline()
                yield csv.read_csv(pa.py_buffer(lines), **options).to_pandas()

    return add_up(map(body, read_blocks()))


def run_arrow_loop(path: str, columns: list[str] | None = None) -> Any:
    """Read a Parquet file as in pyarrow's documentation."""
    batches = parquet.ParquetFile(path).iter_batches(ROWS_PER_CHUNK, columns=columns)
    return add_up(body(batch.to_pandas()) for batch in batches)


def run_arrow_picked(path: str) -> Any:
    """Read only the columns that are needed."""
    return run_arrow_loop(path, COLUMNS)


def run_chunked(path: str, memory: str = "300MB", types: Any = None) -> Any:
    """Read either file with jupyter_memkit."""
    chunks = chunked(path, memory=memory, columns=COLUMNS, types=types)
    return chunks.map(body).reduce("sum")


def run_chunked_categories(path: str) -> Any:
    """Read the strings as a category."""
    return run_chunked(path, types={"cat": "category"})


def run_polars(path: str) -> Any:
    """Leave everything to polars' own plan: the limit."""
    import polars as pl  # noqa: PLC0415 - only this peer's process needs it

    scan = pl.scan_csv(path) if path.endswith("csv") else pl.scan_parquet(path)
    revenue = (pl.col("price") * pl.col("qty")).sum()
    return scan.group_by("cat").agg(revenue).collect(engine="streaming")


def run_duckdb(path: str) -> Any:
    """Leave everything to DuckDB's own plan."""
    import duckdb  # noqa: PLC0415 - only this peer's process needs it

    query = f"select cat, sum(price * qty) from '{path}' group by cat"
    relation: Any = duckdb.sql(query)
    return relation.fetchall()


PEERS: dict[str, Callable[[str], Any]] = {
    "pandas": run_pandas_loop,
    "pyarrow blocks": run_arrow_blocks,
    "pyarrow": run_arrow_loop,
    "pyarrow, columns": run_arrow_picked,
    "chunked": run_chunked,
    "chunked, categories": run_chunked_categories,
    "polars": run_polars,
    "duckdb": run_duckdb,
}

# The first is the hand-written loop; the last are the engines' own plans.
COMPARED = {
    "csv": [
        *("pandas", "pyarrow blocks", "chunked", "chunked, categories"),
        *("polars", "duckdb"),
    ],
    "parquet": [
        *("pyarrow", "pyarrow, columns", "chunked", "chunked, categories"),
        *("polars", "duckdb"),
    ],
}

BUDGETS = ("150MB", "300MB", "1GB")
BUDGET_REPEATS = 10


def use_temporaries(chunk: Any) -> float:
    """Create ten columns, and keep none."""
    columns = [chunk.price * chunk.qty for _ in range(10)]
    return float(sum(column.sum() for column in columns))


def use_sorting(chunk: Any) -> float:
    """Sort all columns by two of them."""
    return float(chunk.sort_values(["cat", "price"]).price.head(10).sum())


BODIES: dict[str, Callable[[Any], Any]] = {
    "group-sum": body,
    "ten temporaries": use_temporaries,
    "sort": use_sorting,
}


def run_within(path: str, memory: str, name: str) -> Any:
    """Run a body within a budget."""
    return chunked(path, memory=memory).map(BODIES[name]).reduce("sum")


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


def measure(
    *arguments: str, module: str = "chunked", repeats: int = REPEATS
) -> tuple[float, int, int]:
    """Return the median seconds and growth of fresh processes, and the worst growth."""
    results = []
    for _ in range(repeats):
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        duration_s, growth_bytes = done.stdout.split()
        results.append((float(duration_s), int(growth_bytes)))
    growths = [growth for _, growth in results]
    return median(r[0] for r in results), int(median(growths)), max(growths)


def compare(folder: Path) -> None:
    """Print the time of each reader, with the ratio to the hand-written loop."""
    print(f"{'file':<9}{'reader':<21}{'time':>9}{'ratio':>8}{'growth':>12}")
    for kind, names in COMPARED.items():
        base_s = 0.0
        for name in names:
            time_s, growth_bytes, _ = measure(name, str(folder / f"orders.{kind}"))
            base_s = base_s or time_s
            print(
                f"{kind:<9}{name:<21}{time_s:>7.2f} s{time_s / base_s:>8.2f}"
                f"{format_bytes(growth_bytes):>12}",
                flush=True,
            )


def fill_budgets(folder: Path) -> None:
    """Print the time and the worst growth within each budget."""
    print(f"\n{'file':<9}{'body':<17}{'budget':>8}{'time':>9}{'worst growth':>14}")
    for kind in COMPARED:
        for name in BODIES:
            for budget in BUDGETS:
                path = str(folder / f"orders.{kind}")
                time_s, _, worst_bytes = measure(
                    path, budget, name, repeats=BUDGET_REPEATS
                )
                held = "" if worst_bytes <= parse_bytes(budget) else "  OVER"
                print(
                    f"{kind:<9}{name:<17}{budget:>8}{time_s:>7.2f} s"
                    f"{worst_bytes / 1e6:>11.0f} MB{held}",
                    flush=True,
                )


def run_here(arguments: list[str]) -> None:
    """Run one peer or one body in this process, and print its time and growth."""
    watch = peak_meter().open()
    start_s = time.perf_counter()
    if arguments[0] in PEERS:
        PEERS[arguments[0]](arguments[1])
    else:
        run_within(*arguments)
    duration_s = time.perf_counter() - start_s
    peak = watch.close()
    print(duration_s, peak.peak_bytes - peak.before_bytes)


def main() -> None:
    """Compare on a table with the given number of rows."""
    n_rows = int(sys.argv[1]) if sys.argv[1:] else 2_000_000
    with tempfile.TemporaryDirectory() as folder:
        write_orders(Path(folder), n_rows)
        compare(Path(folder))
        fill_budgets(Path(folder))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run_here(sys.argv[1:])
    else:
        main()
