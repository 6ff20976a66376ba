"""Compares chunked with itself: more rows, more cores, and a model in pieces.

Usage: ``python -m tests.benchmarks.chunked_scale [ROWS]``, by default 200,000 rows,
then ten and a hundred times as many. Each figure is the median of five runs, each in a
fresh process.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.units import format_bytes
from tests.benchmarks.chunked import measure, run_chunked, write_orders

MODULE = "chunked_scale"
KINDS = ("csv", "parquet")
MODEL_ROWS = 7_000_000
MODEL_BUDGET = "100MB"
STEPS = 40


def use_python(chunk: Any) -> float:
    """Work on each row in plain Python for a while, which more cores speed up."""
    prices = chunk.price.tolist()
    return sum(
        math.sqrt(price + step) * math.log1p(price)
        for step in range(STEPS)
        for price in prices
    )


def run_workers(path: str, workers: str) -> None:
    """Run a CPU-bound body in a number of processes."""
    chunks = chunked(path, memory="300MB", columns=["price"])
    chunks.map(use_python).run("sum", workers=int(workers))


def grow(folder: Path, n_rows: int) -> None:
    """Print the time per million rows and the growth, for more and more rows."""
    print(f"{'file':<9}{'rows':>13}{'time':>10}{'a million':>12}{'growth':>12}")
    for factor in (1, 10, 100):
        rows = n_rows * factor
        write_orders(folder, rows)
        for kind in KINDS:
            path = str(folder / f"orders.{kind}")
            time_s, growth_bytes, _ = measure("rows", path, module=MODULE)
            print(
                f"{kind:<9}{rows:>13,}{time_s:>8.2f} s{time_s * 1e6 / rows:>10.3f} s"
                f"{format_bytes(growth_bytes):>12}",
                flush=True,
            )


def share(folder: Path, n_rows: int) -> None:
    """Print the time with one process and with two."""
    write_orders(folder, n_rows)
    path = str(folder / "orders.parquet")
    print(f"\n{'workers':<9}{'time':>10}{'ratio':>8}")
    base_s = 0.0
    for workers in ("0", "2"):
        time_s, _, _ = measure("workers", path, workers, module=MODULE)
        base_s = base_s or time_s
        print(f"{workers:<9}{time_s:>8.2f} s{base_s / time_s:>8.2f}", flush=True)


def write_points(path: Path, n_rows: int) -> None:
    """Write points of two kinds, separated by a line with some noise."""
    rng = np.random.default_rng(7)
    points = pd.DataFrame(rng.normal(size=(n_rows, 8)), columns=list("abcdefgh"))
    signal = points.a - 0.5 * points.b + 0.25 * points.c
    points["kind"] = signal + rng.normal(scale=0.5, size=n_rows) > 0
    points.to_csv(path, index=False)


def learn(folder: Path) -> None:
    """Print the scores of a model that learns in pieces, and of one in memory."""
    try:
        from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - may be missing
    except ImportError:
        print("\nscikit-learn is not installed; there is no model to compare")
        return
    path, tested = folder / "points.csv", folder / "tested.csv"
    write_points(path, MODEL_ROWS)
    write_points(tested, MODEL_ROWS // 10)
    test = pd.read_csv(tested)
    names = list("abcdefgh")
    whole = SGDClassifier(loss="log_loss", random_state=0)
    frame = pd.read_csv(path)
    whole.partial_fit(frame[names], frame.kind, classes=[False, True])
    del frame
    pieces = SGDClassifier(loss="log_loss", random_state=0)

    def fit(chunk: Any) -> None:
        pieces.partial_fit(chunk[names], chunk.kind, classes=[False, True])

    summary = chunked(path, memory=MODEL_BUDGET).map(fit).run()
    grown = format_bytes(summary.peak_bytes - summary.before_bytes)
    print(
        f"\na file of {format_bytes(path.stat().st_size)} in {summary.chunks} chunks "
        f"within {MODEL_BUDGET} (grew by {grown}): score "
        f"{pieces.score(test[names], test.kind):.4f}, in memory "
        f"{whole.score(test[names], test.kind):.4f}"
    )


def run_here(action: str, *arguments: str) -> None:
    """Run in this process, and print the time and growth."""
    watch = peak_meter().open()
    start_s = time.perf_counter()
    if action == "rows":
        run_chunked(*arguments)
    else:
        run_workers(*arguments)
    duration_s = time.perf_counter() - start_s
    peak = watch.close()
    print(duration_s, peak.peak_bytes - peak.before_bytes)


def main() -> None:
    """Run all comparisons."""
    n_rows = int(sys.argv[1]) if sys.argv[1:] else 200_000
    with tempfile.TemporaryDirectory() as folder:
        grow(Path(folder), n_rows)
        share(Path(folder), n_rows * 10)
        learn(Path(folder))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run_here(*sys.argv[1:])
    else:
        main()
