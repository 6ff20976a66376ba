"""The cost of another process: ``python -m tests.benchmarks.isolated``.

An empty cell, the start of a worker, and an array that a function returns are compared
with multiprocessing and joblib's loky. Each run is a separate process; the tables show
medians of five.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

import jupyter_memkit as memkit
from jupyter_memkit.measure.peak import peak_meter
from tests.benchmarks._array import ARRAY_BYTES, give, make, nothing
from tests.benchmarks._workers import (
    align,
    ask,
    describe_error,
    load_memkit,
    make_shell,
    note,
)

RUNS = 5
COPIES = 3

WORKER = "a worker of %%chunked"

Caller = Callable[[Callable[[], Any]], Any]


@contextmanager
def by_memkit() -> Iterator[Caller]:
    """Call functions with this project."""
    with memkit.isolated() as process:
        yield lambda function: process(function)()


@contextmanager
def by_pool() -> Iterator[Caller]:
    """Call functions in a pool of multiprocessing."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        yield pool.apply


def serve(connection: Connection) -> None:
    """Answer calls until there are none."""
    while (function := connection.recv()) is not None:
        connection.send(function())


@contextmanager
def by_pipe() -> Iterator[Caller]:
    """Call functions over a pipe of multiprocessing."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,))
    process.start()

    def call(function: Callable[[], Any]) -> Any:
        here.send(function)
        return here.recv()

    yield call
    here.send(None)
    process.join()


@contextmanager
def by_loky() -> Iterator[Caller]:
    """Call functions with joblib's loky."""
    loky = importlib.import_module("joblib.externals.loky")
    executor = loky.get_reusable_executor(max_workers=1)
    yield lambda function: executor.submit(function).result()
    executor.shutdown()


WAYS: dict[str, Callable[[], Any]] = {
    "memkit.isolated": by_memkit,
    "multiprocessing Pool": by_pool,
    "multiprocessing Pipe": by_pipe,
    "joblib loky": by_loky,
}


def time_copy() -> float:
    """Return how many seconds a plain copy of the array takes here."""
    array = np.ones(ARRAY_BYTES // 8)
    times = []
    for _ in range(COPIES):
        started_s = time.perf_counter()
        copy = array.copy()
        times.append(time.perf_counter() - started_s)
        del copy
    return statistics.median(times)


def measure_array(way: str) -> dict[str, float]:
    """Return the time and memory of returning the array to this process."""
    copy_s = time_copy()
    with WAYS[way]() as call:
        call(make)
        watch = peak_meter().open()
        started_s = time.perf_counter()
        array = call(give)
        brought_s = time.perf_counter() - started_s
        total = float(array.sum())
        summed_s = time.perf_counter() - started_s
        peak = watch.close()
        assert total == ARRAY_BYTES // 8
        del array
    return {
        "copy_s": copy_s,
        "brought_s": brought_s,
        "ratio": brought_s / copy_s,
        "summed_s": summed_s,
        "above_mib": (peak.peak_bytes - peak.before_bytes - ARRAY_BYTES) / (1 << 20),
    }


def measure_empty(way: str) -> dict[str, float]:
    """Return the seconds of a call that does nothing, from start to end."""
    if way == WORKER:
        # As in a notebook, the parent has already loaded its libraries.
        memkit.chunked([0], rows=1).map(len).run("sum")
        started_s = time.perf_counter()
        memkit.chunked([0], rows=1).map(len).run("sum", workers=1)
        return {"empty_s": time.perf_counter() - started_s}
    if way.startswith("%%isolated"):
        shell = make_shell()
        load_memkit(shell)
        cells = ["%%isolated\npass"] * (1 if way.endswith("first") else 2)
        for cell in cells:
            started_s = time.perf_counter()
            shell.run_cell(cell, store_history=True).raise_error()
            empty_s = time.perf_counter() - started_s
        return {"empty_s": empty_s}
    started_s = time.perf_counter()
    with WAYS[way]() as call:
        call(nothing)
    return {"empty_s": time.perf_counter() - started_s}


def measure_apart(kind: str, way: str) -> dict[str, float] | str:
    """Return the figures of one run in a separate process."""
    note(f"{kind} {way}")
    try:
        printed = ask("tests.benchmarks.isolated", kind, way)
    except RuntimeError as error:
        return describe_error(error)
    figures: dict[str, float] = json.loads(printed.splitlines()[-1])
    return figures


def measure_all(kind: str, ways: list[str]) -> dict[str, dict[str, float]]:
    """Return the medians of several runs of each way, without those that fail."""
    # Round by round, so that the machine's load affects all ways alike.
    rounds = [{way: measure_apart(kind, way) for way in ways} for _ in range(RUNS)]
    medians = {}
    for way in ways:
        runs = [figures for each in rounds if isinstance(figures := each[way], dict)]
        if runs:
            medians[way] = {
                name: statistics.median(run[name] for run in runs) for name in runs[0]
            }
    return medians


def main() -> None:
    """Print the tables, or the figures of one run."""
    if len(sys.argv) == 3:
        kind, way = sys.argv[1:]
        print(json.dumps({"array": measure_array, "empty": measure_empty}[kind](way)))
        return
    empty = measure_all("empty", ["%%isolated, first", "%%isolated", WORKER, *WAYS])
    rows = [["an empty cell, chunk or call", "median s"]]
    rows += [[way, f"{figures['empty_s']:.3f}"] for way, figures in empty.items()]
    print(align(rows))
    arrays = measure_all("array", list(WAYS))
    rows = [["returning 1 GiB", "copy s", "s", "it / copy", "with sum s", "above MiB"]]
    rows += [
        [
            way,
            f"{figures['copy_s']:.3f}",
            f"{figures['brought_s']:.3f}",
            f"{figures['ratio']:.2f}",
            f"{figures['summed_s']:.3f}",
            f"{figures['above_mib']:.0f}",
        ]
        for way, figures in arrays.items()
    ]
    print()
    print(align(rows))


if __name__ == "__main__":
    main()
