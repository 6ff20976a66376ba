"""The cost of being watched: ``python -m tests.benchmarks.cost [--quick]``.

1. Five workloads, one of them an empty cell, as cells of a shell, under this extension
   and under other watchers, compared with the same cells without a watcher.
2. The time and memory that loading the extension takes in a real kernel.
3. The share of a core that the sampler's thread takes in a process of 16 GiB.
4. The share of a core and the memory that the guard's watcher takes.
5. The first table again, beside a model that the cells do not use: needs torch.
6. Whether the reported time of the garbage collector is the time that a cell saves
   without the collector.

Every run is a separate process. A round runs each watcher once, so that the machine's
load affects all alike, and each round starts with a different watcher.

A process runs its cell three times, and the fastest run counts, because other programs
make a cell slower and never faster. A cell lasts longer than the tracker's interval, so
the fastest run includes a reading of the sampler. The median over the rounds evens out
differences between processes, such as the placement of memory. The remaining variation
is reported as the standard error of the ratio, for our own ratio and for that of "none"
to itself, which should be 1.

Other programs make a cell wait, which its CPU time excludes, so our own ratios are also
printed in CPU time, that of all threads.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import importlib
import importlib.util
import io
import itertools
import json
import math
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.track.mem import mem
from jupyter_memkit.units import format_bytes, format_duration
from tests.benchmarks._workers import (
    align,
    ask,
    available_bytes,
    describe_error,
    load_memkit,
    load_memory_profiler,
    make_shell,
    note,
    watch_with_ipython_memory_usage,
)

RUNS_OF_A_CELL = 3
GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A cell, and the code that runs once before it."""

    cell: str
    prepare: str = ""


EMPTY = "an empty cell"
WORKLOADS = {
    "small objects": Workload(
        cell="rows = [{'a': i, 'b': [i]} for i in range(300_000)]\ndel rows"
    ),
    "numpy": Workload(
        prepare="import numpy as np\n"
        "a = np.arange(20_000_000, dtype=float)\n"
        "b = a[::-1].copy()",
        cell="for _ in range(3):\n    total = (np.sqrt(a) + a * b - b).sum()",
    ),
    "pandas group-by": Workload(
        prepare="import numpy as np, pandas as pd\n"
        "n = np.arange(4_000_000)\n"
        "df = pd.DataFrame({'key': n * 7919 % 1000, 'x': n * 0.5, 'y': n % 13})",
        cell="for _ in range(2):\n"
        "    total = df.groupby('key').agg(['sum', 'mean', 'max'])",
    ),
    "function calls": Workload(
        prepare="def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)",
        cell="total = fib(32)",
    ),
    EMPTY: Workload(cell="pass"),
}
# A model with the state of its optimizer, and a loss that keeps its graph.
MODEL = """\
import torch
model = torch.nn.Sequential(*[torch.nn.Linear(1000, 1000) for _ in range(5)])
optimizer = torch.optim.Adam(model.parameters())
model(torch.ones(100, 1000)).sum().backward()
optimizer.step()
loss = model(torch.ones(100, 1000)).sum()
"""
BESIDE_MODEL = {
    f"{name}, beside a model": Workload(
        cell=workload.cell, prepare=MODEL + workload.prepare
    )
    for name, workload in WORKLOADS.items()
}
# Cells in a row, so that a run lasts long enough.
EMPTY_CELLS = 1000
# These take much longer, and need fewer for the same precision.
FEWER_EMPTY_CELLS = {"%memit": 3, "ipython_memory_usage": 3, "memray": 30}


# The watchers: each gets a shell and returns a function that runs a cell under it.

RunCell = Callable[[str], Any]


def _plain(shell: Any) -> RunCell:
    def run(code: str) -> Any:
        return shell.run_cell(code, store_history=True)

    return run


def start_memkit(shell: Any) -> RunCell:
    """Load this extension."""
    load_memkit(shell)
    return _plain(shell)


def start_guard(shell: Any) -> RunCell:
    """Load this extension and arm its guard."""
    load_memkit(shell)
    shell.run_cell("%memguard auto").raise_error()
    return _plain(shell)


def start_memit(shell: Any) -> RunCell:
    """Run each cell under memory_profiler's %%memit."""
    load_memory_profiler(shell)
    run = _plain(shell)
    return lambda code: run(f"%%memit\n{code}")


def start_ipython_memory_usage(shell: Any) -> RunCell:
    """Let ipython_memory_usage watch."""
    watch_with_ipython_memory_usage(shell)
    return _plain(shell)


def start_tracemalloc(shell: Any) -> RunCell:
    """Trace Python's allocations with one frame each."""
    importlib.import_module("tracemalloc").start()
    return _plain(shell)


def start_memray(shell: Any) -> RunCell:
    """Track each cell into a file, as memray does by default."""
    memray = importlib.import_module("memray")
    run = _plain(shell)
    folder = tempfile.TemporaryDirectory()
    number = itertools.count()

    def run_tracked(code: str) -> Any:
        path = Path(folder.name) / f"{next(number)}.bin"
        with memray.Tracker(path):
            result = run(code)
        path.unlink()
        return result

    return run_tracked


NONE = "none"
OURS = "memkit"
GUARDED = "memkit, guard armed"
# Their ratios are far from 1, so fewer rounds are enough.
PEER_ROUNDS = 5
PEERS: dict[str, Callable[[Any], RunCell]] = {
    "%memit": start_memit,
    "ipython_memory_usage": start_ipython_memory_usage,
    "tracemalloc": start_tracemalloc,
    "memray": start_memray,
}
OWN: dict[str, Callable[[Any], RunCell]] = {
    "none again": _plain,
    OURS: start_memkit,
    GUARDED: start_guard,
}
WATCHERS = {NONE: _plain} | OWN | PEERS


def run_workload(watcher: str, workload: str) -> tuple[float, float]:
    """Return the shortest duration and CPU time of a cell in this process."""
    chosen = (WORKLOADS | BESIDE_MODEL)[workload]
    prepare, code = chosen.prepare, chosen.cell
    cells = 1
    if code == WORKLOADS[EMPTY].cell:
        cells = FEWER_EMPTY_CELLS.get(watcher, EMPTY_CELLS)
    shell = make_shell()
    shell.run_cell(prepare).raise_error()
    run = WATCHERS[watcher](shell)
    duration_s = cpu_s = float("inf")
    for _ in range(RUNS_OF_A_CELL):
        start_s, start_cpu_s = time.perf_counter(), time.process_time()
        for _ in range(cells):
            result = run(code)
        result.raise_error()
        duration_s = min(duration_s, time.perf_counter() - start_s)
        cpu_s = min(cpu_s, time.process_time() - start_cpu_s)
    return duration_s / cells, cpu_s / cells


def format_ratio(times_s: list[float], none_s: list[float], *, has_error: bool) -> str:
    """Return the ratio of the medians as text, with its standard error."""
    ratio = median(times_s) / median(none_s)
    text = f"{ratio:.3f}" if ratio < 10 else f"{ratio:.0f}"
    if has_error and len(times_s) > 2:
        # The standard error of a median of n normal values is 1.25 sigma, or 0.93 of
        # the distance between the quartiles, divided by the root of n.
        variance = 0.0
        for values in (times_s, none_s):
            low, middle, high = quantiles(values, n=4)
            variance += (0.93 * (high - low) / middle) ** 2 / len(values)
        text += f" ±{ratio * math.sqrt(variance):.3f}"
    return text


def compare_watchers(rounds: int) -> None:
    """Print the tables of ratios, and the cost of an empty cell."""
    cpu_s = compare(rounds, WORKLOADS, list(WATCHERS))
    empty_s, tracked_s, guarded_s = (
        median(cpu_s[EMPTY, watcher]) for watcher in (NONE, OURS, GUARDED)
    )
    print(
        f"an empty cell takes {empty_s * 1000:.3f} ms of CPU, with memkit "
        f"{tracked_s * 1000:.3f} ms: {(tracked_s - empty_s) * 1000:.3f} ms more, and "
        f"with the guard armed {(guarded_s - tracked_s) * 1000:.3f} ms more again"
    )


def compare_beside_model(rounds: int) -> None:
    """Print the tables of ratios for cells beside a model that they do not use."""
    if importlib.util.find_spec("torch") is None:
        print("the cost beside a model was not measured: torch is not installed")
        return
    compare(rounds, BESIDE_MODEL, [NONE, *OWN])


Times = dict[tuple[str, str], list[float]]


def compare(rounds: int, workloads: Iterable[str], watchers: list[str]) -> Times:
    """Print the times of workloads under watchers, and return the CPU times."""
    durations_s: Times = {}
    cpu_s: Times = {}
    failures: dict[str, str] = {}
    for number in range(rounds):
        for workload in workloads:
            note(f"cost: round {number + 1} of {rounds}, {workload}")
            turn = number % len(watchers)
            for watcher in watchers[turn:] + watchers[:turn]:
                if watcher in failures or (watcher in PEERS and number >= PEER_ROUNDS):
                    continue
                answer = ask_worker("workload", watcher, workload)
                if isinstance(answer, str):
                    failures[watcher] = answer
                else:
                    for times_s, taken_s in zip(
                        (durations_s, cpu_s), answer, strict=True
                    ):
                        times_s.setdefault((workload, watcher), []).append(taken_s)
    working = [watcher for watcher in watchers if watcher not in failures]
    print_ratios("time of a cell, ratio to none", durations_s, workloads, working)
    print_ratios("CPU time of a cell", cpu_s, workloads, [NONE, *OWN])
    for watcher, failure in failures.items():
        print(f"{watcher} failed: {failure}")
    return cpu_s


def print_ratios(
    title: str, times_s: Times, workloads: Iterable[str], watchers: list[str]
) -> None:
    """Print the time of each workload, and its ratio under each watcher."""
    rows = [[title, "", *watchers[1:]]]
    for workload in workloads:
        none_s = times_s[workload, NONE]
        row = [workload, format_duration(median(none_s))]
        row += [
            format_ratio(
                times_s[workload, watcher], none_s, has_error=watcher not in PEERS
            )
            for watcher in watchers[1:]
        ]
        rows.append(row)
    print(align(rows))


# Loading.

LOAD = """
import os, time
def rss_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before_bytes, start_s = rss_bytes(), time.perf_counter()
get_ipython().extension_manager.load_extension("jupyter_memkit")
print(time.perf_counter() - start_s, rss_bytes() - before_bytes)
"""


def measure_loading(rounds: int) -> None:
    """Print the time and memory that loading takes in a kernel."""
    durations_s, growths_bytes = [], []
    for number in range(rounds):
        note(f"cost: loading, round {number + 1} of {rounds}")
        # Not needed by workers, and slow to import.
        from tests.real_kernel import real_kernel  # noqa: PLC0415

        with (
            tempfile.TemporaryDirectory() as home,
            real_kernel(Path(home), JUPYTER_MEMKIT_AUTOLOAD="0") as kernel,
        ):
            duration_s, growth_bytes = kernel.run(LOAD).split()
            durations_s.append(float(duration_s))
            growths_bytes.append(int(growth_bytes))
    print(
        f"loading in a kernel takes {format_duration(median(durations_s))} "
        f"and {format_bytes(int(median(growths_bytes)))}"
    )


# The sampler.


def run_sampler(gib: int, seconds: float) -> list[float]:
    """Return the sampler thread's shares of a core, idle and during a cell."""
    shell = make_shell()
    load_memkit(shell)
    shell.run_cell("import time").raise_error()
    held = bytearray(gib * GIB)
    (sampler,) = (
        thread for thread in threading.enumerate() if thread.name == "memkit-sampler"
    )
    assert sampler.ident is not None
    clock = time.pthread_getcpuclockid(sampler.ident)
    shares = []
    for wait in (
        functools.partial(time.sleep, seconds),
        functools.partial(shell.run_cell, f"time.sleep({seconds})"),
    ):
        # Wait until the work of the previous step is over.
        time.sleep(1.5)
        cpu_s, start_s = time.clock_gettime(clock), time.perf_counter()
        wait()
        cpu_s = time.clock_gettime(clock) - cpu_s
        shares.append(cpu_s / (time.perf_counter() - start_s))
    del held
    return shares


def measure_sampler(gib: int, seconds: float) -> None:
    """Print the sampler's share of a core."""
    if available_bytes() < (gib + 1) * GIB:
        print(f"the sampler's share was not measured: {gib + 1} GiB are not free")
        return
    note(f"cost: the sampler over {gib} GiB")
    answer = ask_worker("sampler", str(gib), str(seconds))
    if isinstance(answer, str):
        print(f"the sampler's share was not measured: {answer}")
        return
    idle, busy = answer
    print(
        f"the sampler takes {idle:.3%} of a core at {gib} GiB while idle, "
        f"{busy:.3%} while a cell runs"
    )


# The guard's watcher.


def run_watcher(gib: int, seconds: float) -> list[float]:
    """Return the watcher's shares of a core, idle and during a cell, and its bytes."""
    shell = make_shell()
    start_guard(shell)
    shell.run_cell("import time").raise_error()
    held = bytearray(gib * GIB)
    pid = process_guard().watcher_pid
    figures: list[float] = []
    for wait in (
        functools.partial(time.sleep, seconds),
        functools.partial(shell.run_cell, f"time.sleep({seconds})"),
    ):
        cpu_s, start_s = _read_cpu_s(pid), time.perf_counter()
        wait()
        cpu_s = _read_cpu_s(pid) - cpu_s
        figures.append(cpu_s / (time.perf_counter() - start_s))
    del held
    return [*figures, read_rss_bytes(pid)]


def _read_cpu_s(pid: int) -> float:
    """Return the CPU time of a process in seconds, to the nanosecond."""
    # The first figure of /proc/<pid>/schedstat is the time on a core.
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def measure_watcher(gib: int, seconds: float) -> None:
    """Print the watcher's share of a core, and its memory."""
    note(f"cost: the guard's watcher over {gib} GiB")
    answer = ask_worker("watcher", str(gib), str(seconds))
    if isinstance(answer, str):
        print(f"the watcher's share was not measured: {answer}")
        return
    idle, busy, rss_bytes = answer
    print(
        f"the guard's watcher takes {idle:.3%} of a core at {gib} GiB while idle, "
        f"{busy:.3%} while a cell runs, and {format_bytes(int(rss_bytes))}"
    )


# The collector.


def run_collector(*, is_enabled: bool) -> list[float]:
    """Return how long creating small objects takes, and the collector's share."""
    kept = []
    if not is_enabled:
        gc.disable()
    with mem() as measured:
        # Kept, so that the figures exclude freeing them.
        kept.append([{"a": i, "b": [i]} for i in range(2_000_000)])
    return [measured.result.duration_s, measured.result.gc_s]


def measure_collector(rounds: int) -> None:
    """Print the reported time of the collector, and the time saved without it."""
    reported_s, saved_s = [], []
    for number in range(rounds):
        note(f"cost: the collector, round {number + 1} of {rounds}")
        enabled_s, gc_s = ask_worker("collector", "true")
        disabled_s, _ = ask_worker("collector", "false")
        reported_s.append(gc_s)
        saved_s.append(enabled_s - disabled_s)
    reported, saved = median(reported_s), median(saved_s)
    off = abs(reported - saved) / saved
    print(
        f"the collector reportedly took {reported:.3f} s, disabling it saves "
        f"{saved:.3f} s: {off:.1%} apart, allowed 10 %: "
        f"{'OK' if off <= 0.1 else 'over'}"
    )


# The communication of the program and its workers.


def ask_worker(kind: str, *arguments: str) -> Any:
    """Return the measurement of a fresh process, or the message of its failure."""
    answer = json.loads(ask(__spec__.name, "--worker", kind, *arguments))
    return answer.get("failure") or answer["value"]


def run_worker(kind: str, *arguments: str) -> None:
    """Measure in this process, and print the result as JSON."""
    answer: dict[str, Any]
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            if kind == "workload":
                answer = {"value": run_workload(*arguments)}
            elif kind == "sampler":
                answer = {"value": run_sampler(int(arguments[0]), float(arguments[1]))}
            elif kind == "watcher":
                answer = {"value": run_watcher(int(arguments[0]), float(arguments[1]))}
            else:
                is_enabled = json.loads(arguments[0])
                answer = {"value": run_collector(is_enabled=is_enabled)}
        except Exception as error:  # noqa: BLE001 - a watcher that fails is a finding
            answer = {"failure": describe_error(error)}
    print(json.dumps(answer))


def main() -> None:
    """Measure everything, or one figure in a worker."""
    if sys.argv[1:2] == ["--worker"]:
        run_worker(*sys.argv[2:])
        return
    parts = ("watchers", "loading", "sampler", "watcher", "model", "collector")
    parser = argparse.ArgumentParser(description="Measures the cost of being watched.")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each figure")
    parser.add_argument("--quick", action="store_true", help="one round, a small map")
    parser.add_argument("--only", choices=parts, help="run only one part")
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    measures: dict[str, Callable[[], None]] = {
        "watchers": functools.partial(compare_watchers, rounds),
        "loading": functools.partial(measure_loading, min(rounds, 5)),
        "sampler": functools.partial(
            measure_sampler, *((1, 2.0) if options.quick else (16, 20.0))
        ),
        "watcher": functools.partial(
            measure_watcher, *((1, 2.0) if options.quick else (8, 20.0))
        ),
        "model": functools.partial(compare_beside_model, rounds),
        "collector": functools.partial(measure_collector, min(rounds, 5)),
    }
    for part in [options.only] if options.only else parts:
        measures[part]()


if __name__ == "__main__":
    main()
