"""``%memguard`` and errors that do not end the cell, which IPython or code catches."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guarded_kernel import GuardedKernel
from tests.magics.guarding import armed, limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has both belts there")


FILL = "x_filled = [np.ones(1_000_000) for _ in range(150)]"


@pytest.fixture
def kernel(unarmed: GuardedKernel) -> Iterator[GuardedKernel]:
    """The shared kernel with the guard armed."""
    with armed(unarmed) as guarded:
        yield guarded
        # IPython keeps the variables of scripts, also in the last error and in cycles.
        guarded.run("import gc; get_ipython().clear_main_mod_cache(); 1 / 0")
        guarded.run("%reset_selective -f ^x")
        guarded.run("gc.collect()")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script that fills memory."""
    path = tmp_path / "script.py"
    path.write_text(f"import numpy as np\n{FILL}\n")
    return path


def test_script_that_is_run(kernel: GuardedKernel, script: Path) -> None:
    """A script that ``%run`` runs is stopped with the error and the card of a cell."""
    kernel.run(f"%run {script}")
    assert kernel.name == "MemoryLimitExceeded"
    assert "the mark of 300 MB" in kernel.text
    assert kernel.stop["line"] == f"%run {script}"
    assert "x_filled = [" in kernel.traceback
    assert "jupyter_memkit" not in kernel.traceback
    assert "1 cell" in kernel.run("%memguard status")


def test_signal_in_a_script_that_is_run(kernel: GuardedKernel, tmp_path: Path) -> None:
    """The same if the watcher's signal is first."""
    path = tmp_path / "shares.py"
    path.write_text(
        "import mmap\nx = mmap.mmap(-1, 4 << 30)\n"
        "for i in range(0, 4 << 30, 4096): x[i] = 1"
    )
    kernel.run(f"%run {path}")
    assert (kernel.name, kernel.stop["belt"]) == ("MemoryLimitExceeded", "watcher")
    assert kernel.stop["line"] == f"%run {path}"


def test_cell_continues_after_a_script(kernel: GuardedKernel, script: Path) -> None:
    """What follows ``%run`` in the cell runs, is guarded, and keeps its own error."""
    kernel.run(f"%run {script}\nx_went_on = True\n1 / 0")
    assert kernel.name == "ZeroDivisionError"
    assert kernel.stop["line"] == f"%run {script}"
    assert kernel.run("print(x_went_on)") == "True\n"
    kernel.run(f"%run {script}\nx_filled = None\nx_more = np.empty(10**9)")
    assert kernel.name == "MemoryLimitExceeded"
    assert kernel.stop["line"] == "x_more = np.empty(10**9)"


def test_other_error_in_a_script(kernel: GuardedKernel, tmp_path: Path) -> None:
    """Another error of a script is as without the guard, which stays in force."""
    path = tmp_path / "fails.py"
    path.write_text("1 / 0")
    kernel.run(f"%run {path}")
    assert (kernel.name, kernel.stop) == ("ZeroDivisionError", {})
    kernel.run(f"%run {path}\nx_more = np.empty(10**9)")
    assert kernel.name == "MemoryLimitExceeded"


def test_handler_of_another_library(unarmed: GuardedKernel) -> None:
    """What replaces IPython's display of errors after the guard stays in its place."""
    before = limits(unarmed)
    unarmed.run("%memguard 300MB")
    unarmed.run(
        "import functools\nshell = get_ipython()\n"
        "shell.showtraceback = functools.partial(shell.showtraceback)"
    )
    for line in ("%memguard off", "%memguard 300MB"):
        unarmed.run(line)
    unarmed.run("x = np.empty(10**9)")
    assert unarmed.name == "MemoryLimitExceeded"
    unarmed.run("%memguard off")
    unarmed.run("1 / 0")
    assert unarmed.name == "ZeroDivisionError"
    assert unarmed.run("print(type(shell.showtraceback).__name__)") == "partial\n"
    unarmed.run("del shell.showtraceback")
    assert limits(unarmed) == before
    assert unarmed.run("print('showtraceback' in vars(shell))") == "False\n"


# Waits until the watcher has read what was filled.
WAIT = (
    "from jupyter_memkit.techniques.guard.armed import process_guard\n"
    "def x_wait():\n"
    "    while process_guard()._belts.page['used_bytes'] < 200_000_000: pass"
)
# The array is held by what is being evaluated alone, so the error frees it.
FREES = "x = (np.ones(25_000_000), x_wait(), np.empty(10**9))"
PLACES = {
    "in the cell": FREES,
    "in a function": f"def x_fill():\n    {FREES}\nx_fill()",
    "in exec": f"exec('{FREES}')",
    "in the profiler": f"%prun {FREES}",
}


@pytest.mark.parametrize("code", PLACES.values(), ids=PLACES)
def test_figures_are_those_of_the_failure(kernel: GuardedKernel, code: str) -> None:
    """The card counts memory that was freed while the error went up to the cell."""
    kernel.run(WAIT)
    kernel.run(code)
    stop = kernel.stop
    assert stop["belt"] == "allocation"
    assert stop["used_bytes"] > 200_000_000
    assert stop["grown_bytes"] > 100_000_000
    assert "with up to " in stop["message"]
    assert stop["line"] in [*code.splitlines(), FREES]


def test_figures_that_the_watcher_has_missed(kernel: GuardedKernel) -> None:
    """Memory that was filled and freed between two looks of the watcher counts."""
    kernel.run("import os, signal\n" + WAIT)
    kernel.run(
        "x_pid = process_guard().watcher_pid\nos.kill(x_pid, signal.SIGSTOP)\n"
        "try: x = (np.ones(25_000_000), np.empty(10**9))\n"
        "finally: os.kill(x_pid, signal.SIGCONT)"
    )
    assert kernel.stop["belt"] == "allocation"
    assert kernel.stop["used_bytes"] > 200_000_000


def test_query_of_duckdb(kernel: GuardedKernel) -> None:
    """A query is interrupted, whatever error the library makes of it."""
    kernel.run("import duckdb")
    for _ in range(5):
        kernel.run("x = duckdb.sql('from range(10000000000)').to_arrow_table()")
        assert (kernel.name, kernel.has_ended) == ("MemoryLimitExceeded", False)
        assert kernel.stop["used_bytes"] < 800_000_000


# Passes the mark as code does that catches every error, of a signal too.
PASSES = (
    "import signal\nfrom jupyter_memkit.techniques.guard.armed import process_guard\n"
    "x_number = process_guard()._belts.watch.number\n"
    "x_handler = signal.signal(x_number, signal.SIG_IGN)\n"
    "x = np.ones(40_000_000)"
)
HANDLES_AGAIN = "signal.signal(x_number, x_handler); print(len(x))"


def test_memory_above_the_mark_is_reported(kernel: GuardedKernel) -> None:
    """A cell that passes the mark and does not fail is warned of; the next is not."""
    text = kernel.run(PASSES)
    assert kernel.name == ""
    assert text.count("is above the mark of 300 MB") == 1
    assert "free some with %memfree, or choose a higher mark" in text
    assert kernel.run(HANDLES_AGAIN) == "40000000\n"
    kernel.run("y = np.empty(10**9)")
    assert kernel.name == "MemoryLimitExceeded"


@pytest.mark.parametrize("mark", ["%%memguard 300MB", "with guard('300MB'):"])
def test_block_that_ends_above_its_mark(kernel: GuardedKernel, mark: str) -> None:
    """A guarded block that passes its mark is warned of once, inside a higher one."""
    kernel.run("%memguard 1GB\nfrom jupyter_memkit import guard")
    indent = "" if mark.startswith("%") else "    "
    text = kernel.run(
        "\n".join([mark, *(indent + each for each in PASSES.split("\n"))])
    )
    assert kernel.name == ""
    assert text.count("is above the mark of 300 MB") == 1
    assert text.count("is above the mark") == 1
    assert kernel.run(HANDLES_AGAIN) == "40000000\n"


def test_no_warning_below_the_mark(kernel: GuardedKernel) -> None:
    """A cell that has freed what it took is not warned of."""
    assert kernel.run(PASSES + "\nx = []") == ""
    assert kernel.run(HANDLES_AGAIN) == "0\n"


def test_no_warning_beside_an_error(kernel: GuardedKernel) -> None:
    """A cell that has failed shows its error alone."""
    assert kernel.run(PASSES + "\n1 / 0") == ""
    assert (kernel.name, kernel.stop) == ("ZeroDivisionError", {})
    assert kernel.run(HANDLES_AGAIN) == "40000000\n"
