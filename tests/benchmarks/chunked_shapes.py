"""Compares ``%%chunked`` with its readers' own loops, over tables of other shapes.

The tables are wide tables, many small files, tables of several million rows, texts that
resemble numbers, and JSON lines. Each figure is the median of five runs, each in a
fresh process that has imported its libraries; the ratio is to the first reader. The
magic's time is that of the whole cell.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from pyarrow import parquet

from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.units import format_bytes
from tests.benchmarks._workers import load_memkit, make_shell
from tests.benchmarks.chunked import (
    body,
    measure,
    run_arrow_blocks,
    run_arrow_picked,
    write_orders,
)

WIDE_ROWS, WIDE_COLUMNS = 400, 5_000
N_FILES, FILE_ROWS = 1_000, 50
ORDERS_ROWS = (1_000_000, 5_000_000, 20_000_000)
JSON_ROWS = 2_000_000
TEXT_ROWS = 1_000_000

REVENUE = "(chunk.price * chunk.qty).groupby(chunk.cat, observed=True).sum()"


def run_cell(path: str, options: str, cell: str) -> Any:
    """Run a cell over the chunks of a file, and return its result."""
    shell = make_shell()
    line = f'%%chunked "{path}" --reduce sum --into result {options}'
    with contextlib.redirect_stdout(io.StringIO()):
        shell.run_cell(f"{line}\n{cell}").raise_error()
    return shell.user_ns["result"]


def run_chunked(path: str) -> Any:
    """Use one column of a wide table, or of small files."""
    return run_cell(path, "", "chunk.c0.sum()")


def run_chunked_all(path: str) -> Any:
    """Use all columns of a wide table."""
    return run_cell(path, "", "chunk.sum(numeric_only=True)")


def run_chunked_polars(path: str) -> Any:
    """Use all columns of a wide table, in polars frames."""
    return run_cell(path, "--backend polars", "chunk.height + 0 * chunk.width")


def run_chunked_arrow(path: str) -> Any:
    """Use all columns of a wide table, in pyarrow tables."""
    return run_cell(path, "--backend arrow", "chunk.num_rows + 0 * chunk.num_columns")


def run_chunked_revenue(path: str) -> Any:
    """Use three columns of the orders."""
    return run_cell(path, "", REVENUE)


def run_chunked_count(path: str) -> Any:
    """Use all columns of texts."""
    return run_cell(path, "", "chunk.count()")


def run_pandas_count(path: str) -> Any:
    """Read texts as in pandas' documentation, and use all columns."""
    return sum(chunk.count() for chunk in pd.read_csv(path, chunksize=100_000))


def run_pandas_whole(path: str) -> Any:
    """Read a wide table whole, and use all columns."""
    readers: dict[str, Callable[..., Any]] = {
        "csv": pd.read_csv,
        "parquet": pd.read_parquet,
        "jsonl": lambda path: pd.read_json(path, lines=True),
    }
    return readers[path.rpartition(".")[2]](path).sum(numeric_only=True)


def run_pandas_files(folder: str) -> Any:
    """Read small files one after the other."""
    return sum(pd.read_csv(file).c0.sum() for file in sorted(Path(folder).iterdir()))


def run_polars_lines(path: str) -> Any:
    """Read JSON lines by polars, with the same body."""
    columns = ["cat", "price", "qty"]
    return body(pl.scan_ndjson(path).select(columns).collect().to_pandas())


def run_duckdb_lines(path: str) -> Any:
    """Read JSON lines by DuckDB, with the same body."""
    query: Any = duckdb.sql(f"select cat, price, qty from read_json('{path}')")
    return body(query.df())


Peer = Callable[[str], Any]

WIDE: dict[str, Peer] = {
    "pandas, whole": run_pandas_whole,
    "%%chunked, all": run_chunked_all,
    "%%chunked, one": run_chunked,
    "%%chunked, polars": run_chunked_polars,
    "%%chunked, arrow": run_chunked_arrow,
}
PEERS: dict[str, dict[str, Peer]] = {
    "wide.csv": WIDE,
    "wide.parquet": WIDE,
    "wide.jsonl": WIDE,
    "files": {"pandas, by hand": run_pandas_files, "%%chunked": run_chunked},
    "texts.csv": {"pandas, by hand": run_pandas_count, "%%chunked": run_chunked_count},
    "orders.csv": {
        "pyarrow blocks": run_arrow_blocks,
        "%%chunked": run_chunked_revenue,
    },
    "orders.parquet": {
        "pyarrow, columns": run_arrow_picked,
        "%%chunked": run_chunked_revenue,
    },
    "orders.jsonl": {
        "polars": run_polars_lines,
        "duckdb": run_duckdb_lines,
        "%%chunked": run_chunked_revenue,
    },
}


def make_wide(folder: Path) -> None:
    """Write a wide table of numbers and strings in each format."""
    rng = np.random.default_rng(7)
    words = np.array(["alpha", "beta", "gamma"])
    kinds: list[Callable[[], Any]] = [
        lambda: rng.integers(0, 1_000, WIDE_ROWS),
        lambda: rng.random(WIDE_ROWS).round(4),
        lambda: words[rng.integers(0, 3, WIDE_ROWS)],
    ]
    columns = {f"c{i}": kinds[i % len(kinds)]() for i in range(WIDE_COLUMNS)}
    frame = pd.DataFrame(columns)
    frame.to_csv(folder / "wide.csv", index=False)
    frame.to_parquet(folder / "wide.parquet")
    frame.to_json(folder / "wide.jsonl", orient="records", lines=True)


def make_files(folder: Path) -> None:
    """Write small files with their number and the numbers of their rows."""
    (folder / "files").mkdir()
    for number in range(N_FILES):
        rows = "".join(f"{number},{row}\n" for row in range(FILE_ROWS))
        (folder / "files" / f"{number:04}.csv").write_text(f"c0,c1\n{rows}")


def make_texts(folder: Path) -> None:
    """Write what pyarrow and pandas may read differently beside integers."""
    rng = np.random.default_rng(7)
    kinds = {
        "tail": [f"N{number}XJ" for number in range(0, 1_000, 10)],
        "address": [f"{number:#x}" for number in range(1_000)],
        "street": [f"{number} High St" for number in range(1, 1_000)],
        "large": [f"{number}e25" for number in range(1, 1_000)],
        "limit": ["1.5", "inf", "-inf", ""],
    }
    frame = pd.DataFrame({"number": np.arange(TEXT_ROWS)})
    for name, texts in kinds.items():
        frame[name] = np.array(texts)[rng.integers(0, len(texts), TEXT_ROWS)]
    # The last rows make a column of numbers text.
    frame["late"] = ["7"] * (TEXT_ROWS - 5) + ["x"] * 5
    frame.to_csv(folder / "texts.csv", index=False)


def make_lines(folder: Path) -> None:
    """Write orders as JSON lines."""
    write_orders(folder, JSON_ROWS)
    table: pa.Table = parquet.read_table(folder / "orders.parquet")
    with (folder / "orders.jsonl").open("w") as file:
        for batch in table.to_batches(200_000):
            file.write(batch.to_pandas().to_json(orient="records", lines=True))


def list_cases() -> Iterator[tuple[str, Callable[[Path], None], list[str]]]:
    """Yield the name of each table, the function that writes its files, and these."""
    wide = [name for name in PEERS if name.startswith("wide")]
    yield f"{WIDE_COLUMNS:,} columns", make_wide, wide
    yield f"{N_FILES:,} files", make_files, ["files"]
    yield f"{TEXT_ROWS:,} texts", make_texts, ["texts.csv"]
    for rows in ORDERS_ROWS:
        tables = ["orders.csv", "orders.parquet"]
        yield f"{rows:,} rows", partial(write_orders, n_rows=rows), tables
    yield f"{JSON_ROWS:,} lines", make_lines, ["orders.jsonl"]


def run_here(peer: str, path: str) -> None:
    """Run one peer in this process, and print its time and growth."""
    load_memkit(make_shell())
    with tempfile.TemporaryDirectory() as folder:
        # The first cell of a session imports a lot, which does not count.
        few = Path(folder) / "few.csv"
        pd.DataFrame({"c0": [1, 2]}).to_csv(few, index=False)
        run_chunked(str(few))
    watch = peak_meter().open()
    start_s = time.perf_counter()
    PEERS[Path(path).name][peer](path)
    duration_s = time.perf_counter() - start_s
    peak = watch.close()
    print(duration_s, peak.peak_bytes - peak.before_bytes)


def main() -> None:
    """Compare the peers of each table."""
    print(f"{'table':<18}{'file':<16}{'reader':<19}{'time':>9}{'ratio':>7}{'peak':>12}")
    for table, make, names in list_cases():
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder))
            for name in names:
                base_s = 0.0
                for peer in PEERS[name]:
                    path = str(Path(folder) / name)
                    time_s, growth_bytes, _ = measure(
                        peer, path, module="chunked_shapes"
                    )
                    base_s = base_s or time_s
                    print(
                        f"{table:<18}{name:<16}{peer:<19}{time_s:>7.3f} s"
                        f"{time_s / base_s:>7.2f}{format_bytes(growth_bytes):>12}",
                        flush=True,
                    )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run_here(*sys.argv[1:])
    else:
        main()
