"""Cells that run away: ``python -m tests.benchmarks.runaways``.

Each kind runs several times in a real kernel whose guard is armed at the mark, and once
in a kernel without a guard. A thread of this program plays the system: when the kernel
and its children exceed the limit, it kills the largest of them. Memory that they have
freed lazily does not count, because the system takes it back first. It looks every few
milliseconds, so a cell that is not stopped dies a little above the limit, and nothing
else on the machine is in danger.

A kind passes if the kernel lives each time, with all earlier variables equal. The table
says which belt acted, how far above the mark the memory got at most, what the kernel
holds more than at the start of the cell once its variables are deleted, and what
happened without the guard.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from jupyter_memkit.measure.descendants import find_descendants
from jupyter_memkit.measure.proc_files import read_size
from jupyter_memkit.techniques.guard.family import Memory, read_memory
from jupyter_memkit.units import format_bytes
from tests.benchmarks._workers import note
from tests.guarded_kernel import GuardedKernel
from tests.real_kernel import real_kernel

MARK = "600 MB"
MARK_BYTES = 600_000_000
LIMIT_BYTES = 1_200_000_000
# Without the guard, the slowest of them takes longer to reach the limit.
PATIENCE_S = 120.0
_LOOKS_S = 0.005

# By kind: a library it needs, what is prepared, and the cell.
KINDS: dict[str, tuple[str, str, str]] = {
    "np.ones(10**10)": ("numpy", "", "x = np.ones(10**10)"),
    "np.ones, less than the machine has": ("numpy", "", "x = np.ones(10**9)"),
    "list.append": ("", "x = []", "while True: x.append([0] * 100)"),
    "list(range(10**10))": ("", "", "x = list(range(10**10))"),
    "bytes": ("", "x = []", "while True: x.append(b'x' * 10**6)"),
    "a string that doubles": ("", "x = 'ab'", "while True: x += x"),
    "pandas concat": (
        "pandas",
        "x = pd.DataFrame({'a': np.ones(10**6)})",
        "while True: x = pd.concat([x, x])",
    ),
    "pandas merge": (
        "pandas",
        "x = pd.DataFrame({'key': np.zeros(40_000), 'a': 1.0})",
        "x = x.merge(x, on='key')",
    ),
    "json.loads": (
        "",
        "import json; x = '[' + '[1],' * 12_000_000 + '1]'",
        "x = json.loads(x)",
    ),
    "pyarrow.array": ("pyarrow", "", "x = pa.array(range(10**9))"),
    "pyarrow concat": (
        "pyarrow",
        "x = pa.array(np.ones(10**6))",
        "x = pa.concat_arrays([x] * 1000)",
    ),
    "polars concat": (
        "polars",
        "x = pl.DataFrame({'a': np.ones(10**6)})",
        "while True: x = pl.concat([x, x], rechunk=True)",
    ),
    "DuckDB to arrow": (
        "duckdb",
        "",
        "x = duckdb.sql('select range as a from range(10000000000)').to_arrow_table()",
    ),
    "four threads": (
        "numpy",
        """from multiprocessing.pool import ThreadPool
x = []
def fill(_):
    while True: x.append(np.ones(100_000))""",
        "with ThreadPool(4) as pool: pool.map(fill, range(4))",
    ),
    "shared memory": (
        "",
        "import mmap",
        "x = mmap.mmap(-1, 4 << 30)\nfor i in range(0, 4 << 30, 4096): x[i] = 1",
    ),
    "children of joblib": (
        "joblib",
        "def fill(_):\n    x = []\n    while True: x.append(b'x' * 10**6)",
        "joblib.Parallel(2)(joblib.delayed(fill)(i) for i in range(2))",
    ),
    "a generator into a set": (
        "",
        "import itertools",
        "x = set(i for i in itertools.count())",
    ),
    "a nested list": ("", "x = []", "while True: x = [x]"),
    "deep copies": (
        "",
        "import copy; x = [{i: [i] for i in range(20_000)}]",
        "while True: x.append(copy.deepcopy(x[0]))",
    ),
    "torch tensors": (
        "torch",
        "x = []",
        "while True: x.append(torch.ones(100_000))",
    ),
    "PIL images": (
        "PIL.Image",
        "x = []",
        "while True: x.append(PIL.Image.new('RGB', (1000, 1000), (1, 2, 3)))",
    ),
    "re that backtracks": (
        "",
        "import re; x = 'a' * 30_000_000",
        "re.match(r'(a|ab)*c', x)",
    ),
    "a call that holds the GIL": ("", "", "x = list(map(float, range(10**10)))"),
    "a leak of 50 MB a second": (
        "",
        "import time; x = []",
        "while True: x.append(b'x' * 5_000_000); time.sleep(0.1)",
    ),
}
_SHORT = {"numpy": "np", "pandas": "pd", "pyarrow": "pa", "polars": "pl"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a cell that runs away has led to.

    Attributes
    ----------
    what : str
        The error, or that the kernel was killed.
    belt : str
        The belt that acted; empty without the guard.
    lives : bool
        Whether the kernel runs the next cell, with its variables equal.
    highest_bytes : int
        The highest memory of the kernel and its children.
    left_bytes : int
        What it holds more than before the cell, after `del x`.
    """

    what: str
    belt: str = ""
    lives: bool = False
    highest_bytes: int = 0
    left_bytes: int = 0


class System(threading.Thread):
    """Kills the largest process of a kernel above the limit, as the system would."""

    def __init__(self, kernel: int) -> None:
        super().__init__(daemon=True)
        self._kernel = kernel
        self._ends = threading.Event()
        self.highest_bytes = 0
        self.killed: list[int] = []

    def run(self) -> None:
        """Look until the block ends."""
        while not self._ends.wait(_LOOKS_S):
            family: dict[int, Memory] = {}
            for pid in (self._kernel, *find_descendants(self._kernel)):
                with contextlib.suppress(OSError, ValueError):
                    family[pid] = read_memory(pid)
            used_bytes = sum(each.private_bytes for each in family.values()) + max(
                (each.shared_bytes for each in family.values()), default=0
            )
            if used_bytes > LIMIT_BYTES:
                used_bytes -= sum(map(read_lazily_freed, family))
            self.highest_bytes = max(self.highest_bytes, used_bytes)
            if used_bytes > LIMIT_BYTES:
                largest = max(
                    family,
                    key=lambda pid: (
                        family[pid].private_bytes + family[pid].shared_bytes
                    ),
                )
                with contextlib.suppress(ProcessLookupError):
                    os.kill(largest, signal.SIGKILL)
                self.killed.append(largest)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Limit the kernel for the length of a block."""
        self.start()
        try:
            yield
        finally:
            self._ends.set()
            self.join()


def read_lazily_freed(pid: int) -> int:
    """Return what a process has freed with ``MADV_FREE``; 0 if it has ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
        return read_size(rollup, b"LazyFree:")
    except (OSError, ValueError):
        return 0


@contextlib.contextmanager
def started(library: str, *, is_guarded: bool) -> Iterator[GuardedKernel]:
    """Start a kernel with its library, and a variable that must stay equal."""
    with (
        tempfile.TemporaryDirectory() as home,
        real_kernel(Path(home), is_timed=True) as kernel,
    ):
        guarded = GuardedKernel(kernel)
        guarded.run("import numpy as np\nkept = list(range(100_000))")
        if library:
            short = _SHORT.get(library)
            guarded.run(f"import {library}" + (f" as {short}" if short else ""))
            assert guarded.name == "", guarded.text
        if is_guarded:
            guarded.run(f"%memguard {MARK}")
            assert guarded.name == "", guarded.text
        yield guarded


def run_away(kernel: GuardedKernel, prepare: str, code: str) -> Outcome:
    """Run a cell, and see what becomes of the kernel."""
    kernel.run(prepare)
    before_bytes = kernel.private_bytes() - read_lazily_freed(kernel.pid)
    system = System(kernel.pid)
    with system.at_work():
        try:
            kernel.run(code, PATIENCE_S)
        except TimeoutError:
            os.kill(kernel.pid, signal.SIGKILL)
            return Outcome(
                what=f"ran for {PATIENCE_S:.0f} s",
                highest_bytes=system.highest_bytes,
            )
    highest_bytes = system.highest_bytes
    if kernel.has_ended:
        is_killed = kernel.pid in system.killed
        what = "the kernel was killed" if is_killed else "the kernel ended itself"
        return Outcome(what=what, highest_bytes=highest_bytes)
    what, belt = kernel.name or "no error", str(kernel.stop.get("belt", ""))
    if system.killed:
        what += ", a child was killed"
    kernel.run("del x")
    kept = kernel.run("print(kept == list(range(100_000)))")
    return Outcome(
        what=what,
        belt=belt,
        lives=kept == "True\n",
        highest_bytes=highest_bytes,
        left_bytes=kernel.private_bytes()
        - read_lazily_freed(kernel.pid)
        - before_bytes,
    )


def run_kind(kind: str, rounds: int, *, is_guarded: bool) -> list[Outcome]:
    """Run a kind in one kernel, or in a new one after each that has ended."""
    library, prepare, code = KINDS[kind]
    outcomes: list[Outcome] = []
    while len(outcomes) < rounds:
        with started(library, is_guarded=is_guarded) as kernel:
            while len(outcomes) < rounds and not kernel.has_ended:
                note(f"runaways: {kind}, guarded: {is_guarded}, {len(outcomes) + 1}")
                outcomes.append(run_away(kernel, prepare, code))
                if not outcomes[-1].lives:
                    break
    return outcomes


def describe(outcomes: list[Outcome], bare: Outcome) -> list[str]:
    """Return the columns of a kind after its name."""
    lived = sum(each.lives and bool(each.belt) for each in outcomes)
    belts = {each.belt or each.what for each in outcomes}
    highest_bytes = max(each.highest_bytes for each in outcomes)
    left_bytes = max(each.left_bytes for each in outcomes)
    return [
        f"{lived} of {len(outcomes)}",
        ", ".join(sorted(belts)),
        format_bytes(max(0, highest_bytes - MARK_BYTES)),
        format_bytes(max(0, left_bytes)),
        f"{bare.what}, at {format_bytes(bare.highest_bytes)}",
    ]


def main() -> None:
    """Run all kinds whose library is installed, and print the table."""
    parser = argparse.ArgumentParser(description="Runs cells that run away.")
    parser.add_argument("--rounds", type=int, default=10, help="runs with the guard")
    parser.add_argument("--only", nargs="*", choices=KINDS, help="these kinds")
    options = parser.parse_args()
    heads = [
        "kind",
        "stopped",
        "by",
        "above the mark",
        "left",
        "without the guard",
    ]
    print(f"The mark is {MARK}, the limit {format_bytes(LIMIT_BYTES)}.\n")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    for kind in options.only or KINDS:
        library = KINDS[kind][0]
        if library and find_spec(library.partition(".")[0]) is None:
            print(f"| {kind} | {library} is not installed |", flush=True)
            continue
        guarded = run_kind(kind, options.rounds, is_guarded=True)
        (bare,) = run_kind(kind, 1, is_guarded=False)
        print(f"| {kind} | {' | '.join(describe(guarded, bare))} |", flush=True)


if __name__ == "__main__":
    main()
