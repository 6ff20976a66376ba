"""Compares sizes with those of other tools: ``python -m tests.benchmarks.sizes``.

Each run is a separate process; the table shows the medians of five.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.measure.sizes import sizeof, sizes

RUNS = 5


def make_rows() -> Any:
    """Create a list of dicts with 1.5 million objects."""
    return [{"a": i, "b": [i, i + 1.5], "c": str(i) * 3} for i in range(300_000)]


def make_dict() -> Any:
    """Create a dict of numbers with 10 million objects."""
    return {i: float(i) for i in range(5_000_000)}


def make_namespace() -> dict[str, Any]:
    """Create 1,000 mixed variables that hold 10 million objects."""
    makers: list[tuple[int, Callable[[int], Any]]] = [
        (300, lambda i: i),
        (200, lambda i: f"text {i}"),
        (100, lambda i: {"a": [i, 2.5], "b": {"c": "d"}}),
        (100, lambda _: np.ones(1000)),
        (100, lambda i: dt.date(2020, 1, 1 + i % 28)),
        (50, lambda _: pd.DataFrame({"a": range(100), "b": ["x"] * 100})),
        (50, lambda _: [float(k) for k in range(80_000)]),
        (50, lambda _: {k: str(k) for k in range(20_000)}),
        (50, lambda _: [(k, 1.5) for k in range(32_000)]),
    ]
    return {
        f"{kind}_{number}": make(number)
        for kind, (count, make) in enumerate(makers)
        for number in range(count)
    }


def size_with_memkit(value: Any) -> int:
    """Size by an exact walk."""
    return sizeof(value).bytes


def size_by_estimate(value: Any) -> int:
    """Size by an estimate."""
    return sizeof(value, exact=False).bytes


def size_with_pympler(value: Any) -> int:
    """Size with pympler."""
    return int(import_module("pympler.asizeof").asizeof(value))


def size_with_objsize(value: Any) -> int:
    """Size with objsize."""
    return int(import_module("objsize").get_deep_size(value))


def size_with_guppy(value: Any) -> int:
    """Size with guppy, which is written in C."""
    return int(import_module("guppy").hpy().iso(value).domisize)


def list_variables(value: Any) -> int:
    """Size all variables of a namespace."""
    return sizes(value).total_bytes


CASES: dict[str, tuple[Callable[[], Any], tuple[Callable[[Any], int], ...]]] = {
    "300,000 dicts": (
        make_rows,
        (
            size_with_memkit,
            size_by_estimate,
            size_with_pympler,
            size_with_objsize,
            size_with_guppy,
        ),
    ),
    "a dict of 5 million": (
        make_dict,
        (size_with_memkit, size_by_estimate, size_with_guppy),
    ),
    "1,000 variables": (make_namespace, (list_variables,)),
}


def run_here(case: str, name: str) -> dict[str, float]:
    """Measure once to load all code, and once for the figures."""
    make, tools = CASES[case]
    tool = next(tool for tool in tools if tool.__name__ == name)
    tool({"small": [1.5] * 10})
    value = make()
    watch = peak_meter().open()
    started_s = time.perf_counter()
    n_bytes = tool(value)
    duration_s = time.perf_counter() - started_s
    peak = watch.close()
    extra_bytes = peak.peak_bytes - peak.before_bytes
    return {"bytes": n_bytes, "s": duration_s, "extra": extra_bytes / n_bytes}


def run(case: str, name: str) -> dict[str, float]:
    """Measure in a separate process."""
    command = [sys.executable, "-m", "tests.benchmarks.sizes", case, name]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(result.stdout)
    return figures


def main() -> None:
    """Print the table."""
    print("sizes: medians of five processes; extra is memory used by the measurement")
    for case, (_, tools) in CASES.items():
        found: dict[str, list[dict[str, float]]] = {}
        for _ in range(RUNS):
            for tool in tools:
                found.setdefault(tool.__name__, []).append(run(case, tool.__name__))
        base_s = statistics.median(each["s"] for each in found[tools[0].__name__])
        for name, runs in found.items():
            seconds = statistics.median(each["s"] for each in runs)
            print(
                f"{case:20} {name:18} {seconds:8.3f} s  {seconds / base_s:6.2f}  "
                f"{runs[0]['bytes'] / 2**20:8.1f} MiB  extra {runs[0]['extra']:7.1%}",
                flush=True,
            )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(run_here(*sys.argv[1:])))
    else:
        main()
