"""Compares six tasks of a newcomer in five tools, each in fresh processes.

Usage: ``python -m tests.benchmarks.tasks [ROWS]``, by default 2 million rows of CSV;
``--quick`` runs each once on 100,000. The table is Markdown. Time and peak are the
medians of five runs of the whole script, its imports included, and the spread is from
the least to the most time. Lines are those of the function. A script that fails has no
figures, and one whose result differs from that of pandas fails.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

SCRIPTS = Path(__file__).parent / "newcomer"
TOOLS = ("pandas", "polars", "duckdb", "dask", "memkit")
TASKS = ("count", "top", "classify", "histogram", "join", "clean")
REPEATS = 5
QUICK_ROWS = 100_000
# Models that see the rows in other orders differ a little.
TOLERANCE = 0.05

# In a process of its own, because the system counts the parent's memory at the start of
# a child as the child's.
MAKE_DATA = """
import sys
from pathlib import Path
import numpy as np
import pandas as pd
from tests.benchmarks.chunked import write_orders
folder = Path(sys.argv[1])
write_orders(folder, int(sys.argv[2]))
users = np.arange(100_000)
countries = np.array(["Chile", "Ghana", "Italy", "Japan"])[users % 4]
pd.DataFrame({"user": users, "country": countries}).to_csv(
    folder / "customers.csv", index=False
)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a script: its result, seconds, and peak in bytes."""

    result: Any
    duration_s: float
    peak_bytes: int


def run(tool: str, task: str, folder: Path) -> Run | None:
    """Run a script to its end; None if it fails."""
    script = SCRIPTS / f"by_{tool}.py"
    start_s = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, script, task, folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process.stdout:
        printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    duration_s = time.perf_counter() - start_s
    process.returncode = os.waitstatus_to_exitcode(status)
    made = folder / "clean.parquet"
    if made.is_dir():
        shutil.rmtree(made)
    made.unlink(missing_ok=True)
    if process.returncode:
        return None
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(json.loads(printed), duration_s, unit * usage.ru_maxrss)


def count_lines(tool: str, task: str) -> int:
    """Return the number of lines in the body of a task's function."""
    source = (SCRIPTS / f"by_{tool}.py").read_text()
    (function,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == task
    )
    docstring, *_ = function.body
    assert docstring.end_lineno is not None
    assert function.end_lineno is not None
    lines = source.splitlines()[docstring.end_lineno : function.end_lineno]
    return sum(1 for line in lines if line.strip())


def is_same(result: Any, expected: Any) -> bool:
    """Return whether two tools found the same."""
    if isinstance(expected, float):
        return bool(abs(result - expected) <= TOLERANCE)
    return bool(result == expected)


def describe(tool: str, task: str, runs: list[Run | None], expected: Any) -> str:
    """Return a row of the table."""
    lines = count_lines(tool, task)
    done = [each for each in runs if each is not None]
    if len(done) < len(runs):
        return f"| {task} | {tool} | {lines} | failed | | |"
    if not all(is_same(each.result, expected) for each in done):
        return f"| {task} | {tool} | {lines} | another result | | |"
    times = [each.duration_s for each in done]
    peak = median(each.peak_bytes for each in done)
    return (
        f"| {task} | {tool} | {lines} | {median(times):.2f} s "
        f"| {min(times):.2f} to {max(times):.2f} s | {peak / 1e6:.0f} MB |"
    )


def main() -> None:
    """Compare the tools, and print a table in Markdown."""
    quick = "--quick" in sys.argv
    given = [word for word in sys.argv[1:] if word != "--quick"]
    n_rows = int(given[0]) if given else QUICK_ROWS if quick else 2_000_000
    repeats = 1 if quick else REPEATS
    print(f"{n_rows:,} rows, runs: {repeats}.\n")
    print("| task | tool | lines | time | spread | peak |\n|---|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as name:
        make = [sys.executable, "-c", MAKE_DATA, name, str(n_rows)]
        subprocess.run(make, check=True)
        for task in TASKS:
            expected = None
            for tool in TOOLS:
                runs = [run(tool, task, Path(name)) for _ in range(repeats)]
                if tool == TOOLS[0] and runs[0] is not None:
                    expected = runs[0].result
                print(describe(tool, task, runs, expected), flush=True)


if __name__ == "__main__":
    main()
