"""The accuracy of the peak of a cell: ``python -m tests.benchmarks.truth [--quick]``.

Each case is a cell that allocates memory and frees it. Each tool reports how much that
was, in a fresh process per case, and the table shows the error in MiB.

The truth comes from outside the process that runs the cell. Before the cell this
program writes 5 to its ``/proc/<pid>/clear_refs``; during the cell it reads ``statm``
every millisecond, and after it the high-water mark ``VmHWM``. The higher of the two
counts, minus what ``statm`` reported before the cell. Because our tool resets the same
mark, it is also compared with the truth of a run without any tool, and the larger error
counts.

A child process reports its own ``VmHWM`` through a pipe after its spike. Memory that a
forked child shares with its parent does not count, so the anonymous memory of the
parent at the fork is subtracted. ``%memit`` runs these cases with its option for
children, ``-c``; ipython_memory_usage has none.

A spike is held for its duration after all of it has been touched. Touching it takes
longer than the shortest spikes last, so a tool that samples sees part of them.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import multiprocessing
import os
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from jupyter_memkit.measure.process import ProcProbe
from tests.benchmarks._workers import (
    align,
    available_bytes,
    describe_error,
    load_memkit,
    load_memory_profiler,
    make_shell,
    note,
    watch_with_ipython_memory_usage,
    worker,
)

MIB = 1 << 20
SPIKE_BYTES = 400 * MIB
BALLAST_BYTES = 1 << 30
NEEDED_BYTES = 5 << 30
PAUSE_S = 0.001
ALLOWED_ERROR_BYTES = 1 * MIB
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


# The functions that the cells call.

# The peaks that child processes reported.
_child_bytes: list[int] = []


def spike(hold_s: float) -> None:
    """Allocate memory, hold it, and free it."""
    block = bytearray(SPIKE_BYTES)
    time.sleep(hold_s)
    del block


def overlap() -> None:
    """Hold two spikes in two threads at the same time."""
    barrier = threading.Barrier(2)

    def run() -> None:
        block = bytearray(SPIKE_BYTES)
        barrier.wait()
        time.sleep(0.01)
        del block

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fork(hold_s: float, life_s: float = 0.0) -> None:
    """Run a spike in a forked child, which lives on afterwards."""
    shared_bytes = read_status("RssAnon")
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _spike_and_report(writer, hold_s)
            time.sleep(life_s)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    _child_bytes.append(int(os.read(reader, 64)) - shared_bytes)


def start_worker(hold_s: float) -> None:
    """Run a spike in a worker of multiprocessing."""
    context: Any = multiprocessing.get_context("fork")
    reader, writer = os.pipe()
    process = context.Process(target=_spike_and_report, args=(writer, hold_s))
    shared_bytes = read_status("RssAnon")
    process.start()
    process.join()
    _child_bytes.append(int(os.read(reader, 64)) - shared_bytes)


def run_program(hold_s: float) -> None:
    """Run a spike in a Python that is started as a separate program."""
    code = (
        "import time\n"
        f"block = bytearray({SPIKE_BYTES})\n"
        f"time.sleep({hold_s})\n"
        "del block\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    _child_bytes.append(int(done.stdout) * 1024)


def _spike_and_report(writer: int, hold_s: float) -> None:
    spike(hold_s)
    os.write(writer, str(read_status("VmHWM")).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A cell, and how much memory its process holds before it."""

    code: str
    in_child: bool = False
    ballast_bytes: int = 0


CASES = {
    "spike of 1 ms": Case(code="spike(0.001)"),
    "spike of 10 ms": Case(code="spike(0.01)"),
    "spike of 100 ms": Case(code="spike(0.1)"),
    "spike of 1 s": Case(code="spike(1.0)"),
    "3 GiB of bytes, one C call": Case(code="size = len(b'x' * (3 << 30))"),
    "list(range(30_000_000))": Case(code="size = len(list(range(30_000_000)))"),
    "spike in a thread": Case(
        code="thread = threading.Thread(target=spike, args=(0.01,))\n"
        "thread.start()\n"
        "thread.join()"
    ),
    "two threads' spikes together": Case(code="overlap()"),
    "numpy temporary": Case(code="size = np.ones(50_000_000).size"),
    "forked child, ends at once": Case(code="fork(0.001)", in_child=True),
    "forked child, lives 1 s more": Case(code="fork(0.001, 1.0)", in_child=True),
    "forked, parent holds 1 GiB": Case(
        code="fork(0.001, 1.0)", in_child=True, ballast_bytes=BALLAST_BYTES
    ),
    "multiprocessing worker, 0.3 s": Case(code="start_worker(0.3)", in_child=True),
    "python program, 0.3 s": Case(code="run_program(0.3)", in_child=True),
    "program, parent holds 1 GiB": Case(
        code="run_program(0.3)", in_child=True, ballast_bytes=BALLAST_BYTES
    ),
}
QUICK_CASES = ("spike of 1 ms", "spike in a thread", "forked child, ends at once")


# The tools. Each gets a shell and returns a function that runs a case and returns the
# bytes and how they were measured.

Figure = tuple[int | None, str]
Run = Callable[[Case], Figure]


def _run_cell(shell: Any, code: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = shell.run_cell(code)
    result.raise_error()
    return printed.getvalue()


def start_no_tool(shell: Any) -> Run:
    """Run the cell without a tool."""

    def run(case: Case) -> Figure:
        _run_cell(shell, case.code)
        return None, ""

    return run


def start_memkit(shell: Any) -> Run:
    """Read the account of the cell."""
    load_memkit(shell)
    tracker = importlib.import_module("jupyter_memkit").tracker()

    def run(case: Case) -> Figure:
        _run_cell(shell, case.code)
        record = tracker.cells[-1]
        if case.in_child:
            is_exact, figure_bytes = record.children_exact, record.children_peak_bytes
        else:
            is_exact = record.exact
            figure_bytes = record.peak_bytes - record.before_bytes
        return figure_bytes, "exact" if is_exact else "sampled"

    return run


def start_memkit_sampled(shell: Any) -> Run:
    """Read the account if the system refuses to reset the mark."""
    # Before the tracker is created, so that it never resets the mark.
    mock.patch.object(ProcProbe, "reset_high_water", return_value=False).start()
    return start_memkit(shell)


def start_memit(shell: Any) -> Run:
    """Read the output of %memit."""
    load_memory_profiler(shell)

    def run(case: Case) -> Figure:
        options = "-c" if case.in_child else ""
        printed = _run_cell(shell, f"%%memit {options}\n{case.code}")
        match = re.search(r"increment: (\S+) MiB", printed)
        return (round(float(match[1]) * MIB), "") if match else (None, printed)

    return run


def start_ipython_memory_usage(shell: Any) -> Run:
    """Read its output after the cell: the growth, and the peak above it."""
    watch_with_ipython_memory_usage(shell)

    def run(case: Case) -> Figure:
        # It counts the used memory from the end of the previous cell.
        _run_cell(shell, "pass")
        printed = _run_cell(shell, case.code)
        match = re.search(r"used (\S+) MiB.* peaked (\S+) MiB", printed)
        if not match:
            return None, printed
        return round((float(match[1]) + float(match[2])) * MIB), ""

    return run


NO_TOOL = "none"
OURS = "memkit"
TOOLS: dict[str, Callable[[Any], Run]] = {
    NO_TOOL: start_no_tool,
    OURS: start_memkit,
    "memkit, refused": start_memkit_sampled,
    "%memit": start_memit,
    "ipython_memory_usage": start_ipython_memory_usage,
}


def run_worker(tool: str, case_name: str) -> None:
    """Run one case in this process, and exchange lines of JSON with the program."""
    answers, sys.stdout = sys.stdout, sys.stderr

    def send(**answer: Any) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    case = CASES[case_name]
    ballast = bytearray(case.ballast_bytes)
    try:
        shell = make_shell()
        helpers = (spike, overlap, fork, start_worker, run_program)
        shell.push({helper.__name__: helper for helper in helpers})
        shell.push({"threading": threading, "np": importlib.import_module("numpy")})
        run = TOOLS[tool](shell)
        # The first cell loads what every cell needs.
        _run_cell(shell, "pass")
        _run_cell(shell, "pass")
        send()
        sys.stdin.readline()
        figure_bytes, how = run(case)
        child_bytes = _child_bytes[-1] if case.in_child else None
        send(figure_bytes=figure_bytes, how=how, child_bytes=child_bytes)
    except Exception as error:  # noqa: BLE001 - a tool that fails is a finding
        send(failure=describe_error(error))
    sys.stdin.readline()
    del ballast


# The program itself.


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A tool's figure for a case, and the truth.

    Attributes
    ----------
    truth_bytes : int or None
        How much memory the cell took.
    figure_bytes : int or None
        How much it took according to the tool.
    how : str
        How the tool measured it, according to the tool.
    failure : str or None
        Why the tool has no figure.
    rate_hz : float
        How often per second ``statm`` was read from outside.
    """

    truth_bytes: int | None = None
    figure_bytes: int | None = None
    how: str = ""
    failure: str | None = None
    rate_hz: float = 0.0


def read_status(field: str, pid: int | str = "self") -> int:
    """Return a field of ``/proc/<pid>/status`` in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return int(status.split(f"\n{field}:")[1].split()[0]) * 1024


def watch(process: subprocess.Popen[str]) -> tuple[str, int, float]:
    """Let a worker run its cell, and return its answer, its growth and the rate."""
    assert process.stdin is not None
    assert process.stdout is not None
    statm = os.open(f"/proc/{process.pid}/statm", os.O_RDONLY)
    try:

        def read_bytes() -> int:
            return int(os.pread(statm, 128, 0).split()[1]) * PAGE_BYTES

        Path(f"/proc/{process.pid}/clear_refs").write_text("5", encoding="ascii")
        before_bytes = highest_bytes = read_bytes()
        process.stdin.write("go\n")
        readings = 0
        began_s = next_s = time.perf_counter()
        while True:
            next_s = max(next_s + PAUSE_S, time.perf_counter())
            pause_s = max(0.0, next_s - time.perf_counter())
            if select.select([process.stdout], [], [], pause_s)[0]:
                break
            highest_bytes = max(highest_bytes, read_bytes())
            readings += 1
        rate_hz = readings / (time.perf_counter() - began_s)
        # The worker has answered and waits, so its mark no longer changes.
        highest_bytes = max(highest_bytes, read_status("VmHWM", process.pid))
        return process.stdout.readline(), highest_bytes - before_bytes, rate_hz
    finally:
        os.close(statm)


def measure(tool: str, case_name: str) -> Outcome:
    """Run a case under a tool in a fresh process."""
    with worker(__spec__.name, tool, case_name) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline() or '{"failure": "it ended"}')
        if ready:
            return Outcome(failure=ready["failure"])
        line, truth_bytes, rate_hz = watch(process)
    answer = json.loads(line or '{"failure": "it ended"}')
    if "failure" in answer:
        return Outcome(failure=answer["failure"])
    if CASES[case_name].in_child:
        truth_bytes = answer["child_bytes"]
    return Outcome(
        truth_bytes=truth_bytes,
        figure_bytes=answer["figure_bytes"],
        how=answer["how"],
        rate_hz=rate_hz,
    )


def errors_bytes(tool: str, outcomes: dict[str, Outcome]) -> list[int]:
    """Return the errors of a tool in a round of one case.

    Ours is also compared with the truth of the run without any tool.
    """
    own = outcomes[tool]
    truths_bytes = [own.truth_bytes]
    if tool == OURS:
        truths_bytes.append(outcomes[NO_TOOL].truth_bytes)
    if own.figure_bytes is None:
        return []
    return [own.figure_bytes - truth for truth in truths_bytes if truth is not None]


def compare(case_names: list[str], rounds: int) -> None:
    """Print the table."""
    tools = [tool for tool in TOOLS if tool != NO_TOOL]
    rows = [["error of the peak, MiB", "truth", *tools]]
    worst_bytes: dict[str, list[int]] = {tool: [] for tool in tools}
    failures: dict[str, str] = {}
    rates_hz: list[float] = []
    for number, name in enumerate(case_names, start=1):
        note(f"truth: case {number} of {len(case_names)}, {name}")
        done = [{tool: measure(tool, name) for tool in TOOLS} for _ in range(rounds)]
        rates_hz += [one[NO_TOOL].rate_hz for one in done]
        free = [one[NO_TOOL].truth_bytes or 0 for one in done]
        row = [name, f"{median(free) / MIB:.1f}"]
        for tool in tools:
            for one in done:
                if failure := one[tool].failure:
                    failures[tool] = failure
            errors = [error for one in done for error in errors_bytes(tool, one)]
            if not errors:
                row.append("failed" if tool in failures else "no figure")
                continue
            worst = max(errors, key=abs)
            worst_bytes[tool].append(worst)
            how = " and ".join(sorted({one[tool].how for one in done}))
            row.append(f"{how} {worst / MIB:+.2f}".strip())
        rows.append(row)
    worsts = [max(worst_bytes[tool], key=abs, default=None) for tool in tools]
    texts = ["none" if worst is None else f"{worst / MIB:+.2f}" for worst in worsts]
    rows.append(["the worst", "", *texts])
    print(align(rows))
    for tool, failure in failures.items():
        print(f"{tool} failed: {failure}")
    print(
        f"statm was read {median(rates_hz):.0f} times a second in the median run, "
        f"{min(rates_hz):.0f} times in the slowest"
    )
    print_verdict(rows, OURS)


def print_verdict(rows: list[list[str]], tool: str) -> None:
    """Print whether all figures that a tool calls exact are."""
    column = rows[0].index(tool)
    allowed = ALLOWED_ERROR_BYTES / MIB
    exact = {row[0]: row[column] for row in rows if row[column].startswith("exact ")}
    over = [
        name for name, text in exact.items() if abs(float(text.split()[1])) > allowed
    ]
    verdict = f"over in {', '.join(over)}" if over else "OK" if exact else "none"
    print(
        f"{tool} calls {len(exact)} of {len(rows) - 2} cases exact, "
        f"of which none may be off by more than {allowed:.0f} MiB: {verdict}"
    )


def main() -> None:
    """Compare the tools, or run one case in this process."""
    if sys.argv[1:2] and sys.argv[1] in TOOLS:
        run_worker(*sys.argv[1:])
        return
    parser = argparse.ArgumentParser(description="Measures the accuracy of peaks.")
    parser.add_argument("--rounds", type=int, default=2, help="the worst counts")
    parser.add_argument("--quick", action="store_true", help="three cases, once")
    options = parser.parse_args()
    if not sys.platform.startswith("linux"):
        print("skipped: the truth is read from Linux's /proc")
    elif available_bytes() < NEEDED_BYTES:
        print(f"skipped: {NEEDED_BYTES >> 30} GiB of free memory are needed")
    elif options.quick:
        compare(list(QUICK_CASES), rounds=1)
    else:
        compare(list(CASES), options.rounds)


if __name__ == "__main__":
    main()
