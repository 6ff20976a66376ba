"""``%memguard`` in real kernels: cells are stopped, and nothing is lost or left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.magics.memguard.guarded_cells import GuardedCells
from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.techniques.guard.guarding import guard
from tests.guarded_kernel import GuardedKernel, has_ended
from tests.magics.guarding import armed, clean, limits, start
from tests.real_kernel import real_kernel
from tests.waiting import wait_until

MIB = 1 << 20

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has both belts there")


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedKernel]:
    """A kernel for the tests that search for cures, which coverage slows down most."""
    with start(tmp_path_factory.mktemp("home"), is_traced=False) as kernel:
        yield kernel


@pytest.fixture
def kernel(unarmed: GuardedKernel) -> Iterator[GuardedKernel]:
    """The shared kernel with the guard armed."""
    with armed(unarmed) as guarded:
        yield guarded


@pytest.fixture
def searching(searched: GuardedKernel) -> Iterator[GuardedKernel]:
    """The kernel for searches with the guard armed."""
    with armed(searched) as guarded:
        yield guarded


# Fills the memory with few objects, which the report of the stop sizes quickly.
GROW = "x = []\nwhile True: x.append(b'x' * 100_000)"

RUNAWAYS = {
    "one array": "x = np.ones(10**10)",
    "many arrays": "x = []\nwhile True:\n    x.append(np.ones(100_000))",
    "one list": "x = list(range(10**10))",
    "one text": "x = 'ab'\nwhile True:\n    x += x",
    "many lists": "x = []\nwhile True:\n    x.append([0] * 1000)",
    "shared memory": (
        "import mmap\nx = mmap.mmap(-1, 4 << 30)\n"
        "for i in range(0, 4 << 30, 4096): x[i] = 1"
    ),
    "a child process": (
        "import subprocess, sys\nprogram = '''x = []\nwhile True:\n"
        "    x.append(b'x' * 1_000_000)'''\n"
        "with subprocess.Popen([sys.executable, '-c', program]) as child:\n"
        "    try: child.wait()\n    finally: child.kill()"
    ),
}


@pytest.mark.parametrize("code", RUNAWAYS.values(), ids=RUNAWAYS)
def test_runaway_cell(kernel: GuardedKernel, code: str) -> None:
    """A cell whose memory grows without end fails; the next one runs."""
    kernel.run(code)
    assert kernel.name == "MemoryLimitExceeded"
    assert "the mark of 300 MB" in kernel.text
    assert kernel.stop["mark_bytes"] == 300_000_000
    assert kernel.stop["line"] in code
    assert kernel.run("print(1)") == "1\n"


def test_traceback_is_that_of_the_cell(kernel: GuardedKernel) -> None:
    """The traceback shows the lines of the cell and none of ours."""
    kernel.run(
        "def grow(x):\n    while True:\n        x.append(b'x' * 10**6)\ngrow([])"
    )
    assert "grow([])" in kernel.traceback
    assert "x.append(b'x' * 10**6)" in kernel.traceback
    assert kernel.traceback.count("in grow(x)") == 1
    assert "jupyter_memkit" not in kernel.traceback
    kernel.run("%%memguard 200MB\nx = np.ones(10**9)")
    assert "x = np.ones(10**9)" in kernel.traceback
    assert "jupyter_memkit" not in kernel.traceback


def test_memory_of_the_stopped_cell_is_free(kernel: GuardedKernel) -> None:
    """The local variables of a stopped cell are gone when the next one has run."""
    before_bytes = kernel.private_bytes()
    text = kernel.run(
        "def grow(x):\n    while True:\n        x.append(np.ones(50_000))\ngrow([])"
    )
    assert kernel.name == "MemoryLimitExceeded", text
    kernel.run("1")
    assert kernel.private_bytes() < 1.1 * before_bytes + 20 * MIB


def test_record_of_the_stopped_cell(kernel: GuardedKernel) -> None:
    """The record of a stopped cell counts as kept only what is left of it."""
    kernel.run(
        "def grow(x):\n    while True:\n        x.append(np.ones(50_000))\ngrow([])"
    )
    assert kernel.name == "MemoryLimitExceeded"
    error, kept_bytes, risen_bytes = kernel.run(
        "from jupyter_memkit.track.tracker import tracker\nx = tracker().cells[-1]\n"
        "print(x.error, x.after_bytes - x.before_bytes, x.peak_bytes - x.before_bytes)"
    ).split()
    assert error == "MemoryLimitExceeded"
    assert int(kept_bytes) < 50 * MIB < 150 * MIB < int(risen_bytes)


def test_deleted_variables_are_given_back(kernel: GuardedKernel) -> None:
    """What the cell after a stop deletes goes back, also from between other blocks."""
    kernel.run("x, x_small = [], []")
    before_bytes = kernel.private_bytes()
    kernel.run("while True: x.append(np.ones(6_000)); x_small.append(np.ones(10))")
    assert kernel.name == "MemoryLimitExceeded"
    kernel.run("del x")
    assert kernel.private_bytes() < 1.1 * before_bytes + 20 * MIB


def test_variables_and_growth(kernel: GuardedKernel) -> None:
    """The card lists the largest variables, with what each grew by in the cell."""
    kernel.run("x_old = [0.5] * 1_000_000")
    kernel.run("x_new = np.ones(10**7)\nwhile True: x_old.append(b'x' * 100_000)")
    listed = {each["name"]: each for each in kernel.stop["variables"]}
    assert listed["x_new"]["grown_bytes"] == listed["x_new"]["bytes"]
    assert 0 < listed["x_old"]["grown_bytes"] < listed["x_old"]["bytes"]


def test_variables_that_hold_nothing(kernel: GuardedKernel) -> None:
    """What only the stopped frames hold is charged to no variable that reaches them."""
    kernel.run(
        "import sys, threading\nx_shell, x_frame = get_ipython(), sys._getframe()\n"
        "x_thread = threading.Thread(target=int)\nx_thread.start(); x_thread.join()\n"
        "def x_grow():\n    held = []\n    while True: held.append(np.ones(50_000))"
    )
    # The first error also stays reachable while the second is shown.
    for _ in range(2):
        kernel.run("x_grow()")
        assert (kernel.name, kernel.stop["variables"]) == ("MemoryLimitExceeded", [])
    kernel.run("x_kept = []\nwhile True: x_kept.append(np.ones(50_000))")
    assert [each["name"] for each in kernel.stop["variables"]] == ["x_kept"]


def test_clean_up_above_the_mark(kernel: GuardedKernel) -> None:
    """Above the mark, variables can still be deleted and memory freed."""
    kernel.run(GROW)
    assert kernel.private_bytes() > 250 * MIB
    assert "returned to the system" in kernel.run("%memfree x")
    assert kernel.name == ""
    assert kernel.private_bytes() < 150 * MIB


def test_caught_errors(kernel: GuardedKernel) -> None:
    """A cell that catches everything and continues stays below a bound."""
    unused_bytes = kernel.unused_bytes()
    kernel.run(
        "x, caught = [], 0\nwhile caught < 200:\n"
        "    try:\n        x.append(np.ones(1_000_000))\n"
        "    except BaseException: caught += 1"
    )
    assert kernel.private_bytes() < 300_000_000 + 400 * MIB + unused_bytes
    assert kernel.run("print(caught)") == "200\n"


def test_threads_that_keep_running(kernel: GuardedKernel) -> None:
    """Threads that a stopped cell leaves behind stay below a bound, too."""
    unused_bytes = kernel.unused_bytes()
    kernel.run(
        "import threading\nx, x_on, x_failed = [], True, 0\ndef fill():\n"
        "    global x_failed\n    while x_on:\n"
        "        try: x.append(np.ones(100_000))\n"
        "        except MemoryError: x_failed += 1\n"
        "x_thread = threading.Thread(target=fill)\nx_thread.start(); x_thread.join()"
    )
    # The thread has filled what this cell may take, too, once its allocations fail.
    kernel.run("x_failed = 0\nwhile x_failed < 100: pass")
    # Each cell may take its leeway, and the report of the stop.
    assert kernel.private_bytes() < 300_000_000 + 700 * MIB + unused_bytes
    kernel.run("x_on = False; x_thread.join(); x.clear()")
    assert kernel.name == ""


def test_threads_end_with_the_cell(kernel: GuardedKernel) -> None:
    """A stop is raised in the cell's code in threads, and spares those that wait."""
    kernel.run(
        "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "x = []\ndef x_fill():\n    while True: x.append(np.ones(20_000))\n"
        "x_pool = ThreadPoolExecutor(2)\nx_pool.submit(int).result()\n"
        "x_future = x_pool.submit(x_fill)\n"
        "x_thread = threading.Thread(target=x_fill)\nx_thread.start(); x_thread.join()"
    )
    assert kernel.name == "MemoryLimitExceeded"
    kernel.run("x_thread.join(300); x_error = x_future.exception(300)")
    text = kernel.run(
        "print(x_thread.is_alive(), isinstance(x_error, MemoryError),"
        " [x_pool.submit(int, i).result() for i in range(4)])"
    )
    assert text == "False True [0, 1, 2, 3]\n"
    kernel.run("x_pool.shutdown()")


def test_threads_of_earlier_cells_keep_running(kernel: GuardedKernel) -> None:
    """A stop is not raised in code that an earlier cell has started in a thread."""
    kernel.run(
        "import threading, time\nx_over = False\ndef x_wait():\n"
        "    while not x_over: time.sleep(0.001)\n"
        "x_thread = threading.Thread(target=x_wait)\nx_thread.start()"
    )
    kernel.run(GROW)
    assert kernel.name == "MemoryLimitExceeded"
    assert kernel.run("print(x_thread.is_alive())\nx_over = True") == "True\n"
    kernel.run("x_thread.join()")


def test_error_is_shown_where_the_room_is_full(kernel: GuardedKernel) -> None:
    """The traceback is shown although the room was filled while the card was made."""
    kernel.run(
        "x, x_complete = [], stopped_cell.complete\ndef x_fill(*arguments):\n"
        "    for size in (10**6, 10**5, 10**4, 10**3, 100):\n"
        "        try:\n            while True: x.append(bytes(size))\n"
        "        except MemoryError: pass\n"
        "    return x_complete(*arguments)\n"
        "stopped_cell.complete = x_fill"
    )
    text = kernel.run("x_filled = np.ones(10**9)")
    assert "Unexpected exception formatting exception" not in text
    assert "x_filled = np.ones(10**9)" in kernel.traceback
    kernel.run("stopped_cell.complete = x_complete; x.clear()")
    assert kernel.name == ""


def test_error_of_the_user_stays(kernel: GuardedKernel) -> None:
    """Other errors, and their tracebacks, are as without the guard."""
    kernel.run("1 / 0")
    assert (kernel.name, kernel.stop) == ("ZeroDivisionError", {})
    assert "1 / 0" in kernel.traceback
    assert "UsageError" in kernel.run("%memguard lots")


def test_size_of_a_failed_allocation(kernel: GuardedKernel) -> None:
    """The error of a stop says how much numpy asked for, as numpy's own does."""
    kernel.run("np.ones(10**10)")
    assert kernel.text.startswith("an allocation of 74.5 GiB would exceed the mark of ")


@pytest.mark.parametrize(
    ("code", "belt"),
    [
        ("np.ones(10**10)", "allocation"),
        (
            "while True: x.append(mmap.mmap(-1, MIB)); x[-1].write(b'x' * MIB)",
            "watcher",
        ),
    ],
)
@pytest.mark.parametrize("origin", ["", " from error"])
def test_error_raised_for_a_stop(
    kernel: GuardedKernel, code: str, belt: str, origin: str
) -> None:
    """A cell that raises its own error for a stop keeps it, and gets the card."""
    kernel.run("import mmap\nx, MIB = [], 1 << 20")
    kernel.run(
        f"def fill():\n    {code}\ntry: fill()\n"
        f"except MemoryError as error:\n    raise ValueError('mine'){origin}"
    )
    assert (kernel.name, kernel.text) == ("ValueError", "mine")
    assert kernel.stop["belt"] == belt
    assert kernel.stop["line"] in code
    assert kernel.run("del x; 1 + 1") == "2"
    kernel.run("try: 1 / 0\nexcept Exception as error: raise ValueError from error")
    assert kernel.stop == {}


def test_children_do_not_inherit_the_limit(kernel: GuardedKernel) -> None:
    """A program that the user starts gets back the limit that was found."""
    code = (
        "import time\nfrom resource import RLIMIT_DATA, getrlimit\n"
        "while getrlimit(RLIMIT_DATA)[0] != -1: time.sleep(0.01)\nprint('free')"
    )
    run = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', {!r}], {})"
    arguments = "capture_output=True, text=True, timeout=300"
    assert "free" in kernel.run(run.format(code, arguments) + ".stdout")


def test_no_child_of_the_kernel(kernel: GuardedKernel) -> None:
    """Code that waits for all its children never sees the watcher."""
    kernel.run("import os; os.wait()")
    assert kernel.name == "ChildProcessError"


def test_fork(kernel: GuardedKernel) -> None:
    """A fork is not guarded, and its end leaves the guard of the kernel in force."""
    kernel.run(
        "import os\nif os.fork() == 0: os._exit(0)\nos.wait()\nx = np.ones(10**9)"
    )
    assert kernel.name == "MemoryLimitExceeded"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_watcher_that_is_killed_or_stopped(
    kernel: GuardedKernel, number: signal.Signals
) -> None:
    """The next cell starts another watcher and says so."""
    get_pid = (
        "from jupyter_memkit.techniques.guard.armed import process_guard\n"
        "print(process_guard().watcher_pid)"
    )
    watcher = int(kernel.run(get_pid))
    # One that is a second late does not respond.
    kernel.run(
        "from jupyter_memkit.techniques.guard import watch\nlate_ns = watch._LATE_NS\n"
        "watch._LATE_NS = 10**9"
    )
    os.kill(watcher, number)
    wait_until(lambda: "started again" in kernel.run("1"))
    assert has_ended(watcher)
    kernel.run("watch._LATE_NS = late_ns")
    kernel.run(GROW)
    assert kernel.name == "MemoryLimitExceeded"


def test_new_mark_replaces_the_old(kernel: GuardedKernel) -> None:
    """A second ``%memguard`` moves the mark; ``status`` shows it."""
    assert "at 286.1 MiB (300 MB)" in kernel.run("%memguard")
    kernel.run("%memguard 500 MB")
    assert "(500 MB)" in kernel.run("%memguard status")
    kernel.run("x = np.ones(40_000_000)")
    assert kernel.name == ""


def test_lower_mark_for_one_cell(kernel: GuardedKernel) -> None:
    """``%%memguard`` guards its cell; of two marks the lower one counts."""
    kernel.run("%%memguard 200MB\nx = np.ones(10**9)")
    assert "the mark of 200 MB" in kernel.text
    kernel.run("%%memguard 900MB\nx = np.ones(10**9)")
    assert "the mark of 300 MB" in kernel.text
    kernel.run("x = np.ones(15_000_000)")
    assert kernel.name == ""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="it has no groups")
def test_group_of_tasks(kernel: GuardedKernel) -> None:
    """A stop in a task is one of the cell, whose memory is free, not a mere group."""
    before_bytes = kernel.private_bytes()
    task = (
        "import asyncio\nasync def xfill():\n    x = []\n    while True:\n"
        "        x.append(b'x' * 100_000)\n        await asyncio.sleep(0)\n"
    )
    kernel.run(
        f"{task}async with asyncio.TaskGroup() as xgroup:\n"
        "    xgroup.create_task(asyncio.sleep(60))\n"
        "    xgroup.create_task(xfill())"
    )
    assert kernel.name == "MemoryLimitExceeded"
    assert kernel.stop["line"] in kernel.traceback
    loop = [line.strip() for line in task.splitlines()[3:]]
    assert kernel.stop["line"] in loop
    assert "on_signal" not in kernel.traceback
    kernel.run("pass")
    assert kernel.private_bytes() < before_bytes + 30 * MIB
    kernel.run(
        "async with asyncio.TaskGroup() as xgroup:\n"
        "    xgroup.create_task(asyncio.to_thread(np.ones, 10**10))"
    )
    assert (kernel.name, kernel.stop["belt"]) == ("MemoryLimitExceeded", "allocation")
    assert "TaskGroup" in kernel.stop["line"]
    kernel.run("raise ExceptionGroup('mine', [ValueError(1)])")
    assert kernel.stop == {}


def test_cell_alone(unarmed: GuardedKernel) -> None:
    """``%%memguard`` and ``guard`` work unarmed, await, and leave nothing behind."""
    before = limits(unarmed)
    unarmed.run(
        "%%memguard 400MB\nimport asyncio\nawait asyncio.sleep(0)\nx = np.ones(10**9)"
    )
    assert (unarmed.name, unarmed.stop["line"]) == (
        "MemoryLimitExceeded",
        "x = np.ones(10**9)",
    )
    unarmed.run(
        "from jupyter_memkit import guard\nwith guard('400MB'):\n    x = np.ones(10**9)"
    )
    assert (unarmed.name, unarmed.stop["mark"]) == ("MemoryLimitExceeded", "400 MB")
    assert limits(unarmed) == before


# Waits until all marks that warn were reached.
WARNED = (
    "from jupyter_memkit.techniques.guard.armed import process_guard\n"
    "x = np.ones(25_000_000)\n"
    "while len(process_guard()._stopping._warned_in) < {}: pass\n"
    "process_guard()._stopping._warned_in.clear(); del x\n"
)


def test_warning(unarmed: GuardedKernel) -> None:
    """With ``--action warn`` the cell continues, and one sentence is shown."""
    clean(unarmed)
    assert "warns" in unarmed.run("%memguard 200MB --action warn")
    text = unarmed.run(WARNED.format(1))
    assert unarmed.name == ""
    assert text.count("is above the mark of 200 MB") == 1
    unarmed.run("%memguard off")


def test_warnings_beside_a_stop(kernel: GuardedKernel) -> None:
    """Each mark that warns does so by itself, and a higher one still stops."""
    kernel.run("%memguard 600MB")
    cell = (
        "%%memguard 200MB --action warn\nfrom jupyter_memkit import guard\n"
        "with guard('250MB', action='warn'):\n    "
    )
    text = kernel.run(cell + WARNED.format(2).replace("\n", "\n    ").rstrip(" "))
    assert kernel.name == ""
    assert text.count("is above the mark of 200 MB") == 1
    assert text.count("is above the mark of 250 MB") == 1
    kernel.run(cell + GROW.replace("\n", "\n    "))
    assert kernel.name == "MemoryLimitExceeded"
    assert "the mark of 600 MB" in kernel.text


def test_limit_of_the_administrator(unarmed: GuardedKernel) -> None:
    """A soft limit that was there before is put back, and never exceeded."""
    unarmed.run("import resource; hard = resource.getrlimit(resource.RLIMIT_DATA)[1]")
    unarmed.run("resource.setrlimit(resource.RLIMIT_DATA, (3 << 30, hard))")
    unarmed.run("%memguard 600MB")
    unarmed.run("%memguard off")
    found = unarmed.run("print(resource.getrlimit(resource.RLIMIT_DATA)[0] == 3 << 30)")
    unarmed.run("resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))")
    assert found == "True\n"


# By kind of cure: what is prepared, of which the cure frees 130 MB or more.
CURES = {
    "output": "np.ones(20_000_000)",
    "view": "x = np.ones(20_000_000)[:10]",
    "duplicate": "x = np.random.rand(20_000_000)\nx_2 = x.copy()",
    "dtype": "x = np.arange(40_000_000)",
    "numbers": "x = [float(i) for i in range(5_500_000)]",
    "spill": "x = np.random.rand(20_000_000)",
    "gc_paused": (
        "import gc; gc.collect(); gc.disable()\nclass Loop:\n    def __init__(self):"
        "\n        self.me, self.array = self, np.ones(10**6)\n"
        "for _ in range(20): x = Loop()"
    ),
    "delete": "tries = [False, True]",
    "raise_mark": "pass",
    "traceback": (
        "def fail():\n    x = np.ones(20_000_000)\n    raise ValueError\nfail()"
    ),
}


@pytest.mark.parametrize("kind", CURES)
def test_program_reads_and_applies_the_cure(
    searching: GuardedKernel, kind: str
) -> None:
    """A client that only reads the error's JSON makes the second try succeed."""
    searching.run("%memguard 600MB")
    searching.run("stopped_cell._HINTS_S = 300.0")
    searching.run(CURES[kind])
    # More than may be reserved now, and less than what the cure frees. It is never
    # touched, which would take time.
    code = f"y = np.empty({(searching.room_bytes() + 80_000_000) // 8}); del y"
    if kind == "delete":
        code = "x = np.ones(20_000_000)\ny = np.empty(10**9 if tries.pop() else 1)"
    searching.run(code)
    assert searching.name == "MemoryLimitExceeded"
    cures = json.loads(json.dumps(searching.stop["cures"]))
    assert kind in [each["kind"] for each in cures]
    for cure in cures:
        if cure["use"] == "run" and (cure["kind"] == kind or kind == "raise_mark"):
            searching.run(cure["code"])
    searching.run(code)
    assert searching.name == "", (searching.text, cures)
    searching.run(
        "gc = __import__('gc'); gc.enable(); gc.collect()\nstopped_cell._HINTS_S = 0.0"
    )


@pytest.mark.parametrize("given", ["lots", "900TB", "85", "150%"])
def test_setting_that_is_not_a_mark(tmp_path: Path, given: str) -> None:
    """A setting that cannot be used is shown with the first cell, and by statuses."""
    with real_kernel(tmp_path, JUPYTER_MEMKIT_GUARD=given) as started:
        # Its first cell reads its process.
        shown: list[str] = []
        started.client.execute_interactive(
            "1", output_hook=lambda each: shown.append(str(each["content"]))
        )
        sentence = f"%memguard is not armed, because of JUPYTER_MEMKIT_GUARD={given}: "
        assert sum(sentence in each for each in shown) == 1
        kernel = GuardedKernel(started)
        assert sentence not in kernel.run("1")
        assert sentence in kernel.run("%memguard status")
        assert sentence in kernel.run("%memkit")
        kernel.run("%memguard auto")
        assert sentence not in kernel.run("%memkit")
        assert sentence not in kernel.run("%memguard off")


def test_configured_mark_that_is_invalid(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cell that loads the extension shows what is wrong with the configuration."""
    shell.run_line_magic("unload_ext", "jupyter_memkit")
    shell.config.MemguardMagics.mark = "30MBs"
    sentence = "%memguard is not armed, because of c.MemguardMagics.mark=30MBs: "
    shell.run_cell("%load_ext jupyter_memkit")
    assert capsys.readouterr().out.count(sentence) == 1
    shell.run_cell("print(1)")
    assert sentence not in capsys.readouterr().out
    assert process_guard().obstacle.startswith(sentence)
    shell.run_line_magic("unload_ext", "jupyter_memkit")
    assert process_guard().obstacle == ""
    shell.run_line_magic("load_ext", "jupyter_memkit")
    shell.run_line_magic("unload_ext", "jupyter_memkit")
    shell.run_cell("print(1)")
    assert sentence not in capsys.readouterr().out
    del shell.config.MemguardMagics


def test_watcher_ends_with_the_kernel(tmp_path: Path) -> None:
    """A kernel that is killed leaves no watcher."""
    with real_kernel(tmp_path, JUPYTER_MEMKIT_GUARD="auto") as kernel:
        pids = kernel.run(
            "from jupyter_memkit.techniques.guard.armed import process_guard\n"
            "import os; print(os.getpid(), process_guard().watcher_pid)"
        )
        own, watcher = map(psutil.Process, map(int, pids.split()))
        assert watcher.is_running()
        own.kill()
        wait_until(lambda: has_ended(watcher.pid))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lots", "'lots' is not a size"),
        ("500", "did you mean 500MB?"),
        ("-3GB", "leave out the minus sign"),
        ("900TB", "is above the limit"),
        ("1MB", "free some with %memfree, or choose a higher mark"),
        ("0%", "write one between 1% and 99%"),
        ("8GB --action kill", "invalid choice: 'kill'"),
        ("--mark 3GB", "has no option --mark"),
    ],
)
def test_bad_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    """A line that makes no sense is one sentence, and nothing is armed."""
    shell.run_cell(f"%memguard {line}")
    assert message in capsys.readouterr().err
    assert "no guard is armed" not in message
    assert shell.run_line_magic("memguard", "status").mark is None


def test_state_of_a_cell(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """``%%memguard status`` is refused with the line that was meant."""
    shell.run_cell("%%memguard status\nx = 1")
    assert "use %memguard status" in capsys.readouterr().err
    assert "x" not in shell.user_ns


@pytest.mark.own_process(scope="module")
def test_unload_in_a_guarded_cell(shell: InteractiveShell) -> None:
    """A guarded cell keeps its mark if it unloads the extension, and leaves nothing."""
    shell.run_cell("%memguard 3GB")
    cell = "%%memguard 2GB\n%unload_ext jupyter_memkit\nprint(1)\n{}"
    assert shell.run_cell(cell.format("")).error_in_exec is None
    assert (process_guard().is_armed, process_guard().is_guarding) == (False, False)
    shell.run_line_magic("load_ext", "jupyter_memkit")
    stopped = shell.run_cell(cell.format("bytearray(10**15)")).error_in_exec
    assert stopped.to_dict()["mark"] == "2 GB"
    assert (process_guard().is_armed, process_guard().is_guarding) == (False, False)


@pytest.mark.own_process(scope="module")
def test_two_shells(shell: InteractiveShell) -> None:
    """Each shell of a process has its own hooks, which it removes by itself."""
    other = InteractiveShell(config=shell.config)
    cells = GuardedCells(other, reports_in_error=False)
    shell.run_cell("%memguard 2GB")
    both = (shell.custom_exceptions, other.custom_exceptions)
    assert both == ((BaseException,), (BaseException,))
    cells.close()
    assert (shell.custom_exceptions, other.custom_exceptions) == ((BaseException,), ())
    shell.run_line_magic("unload_ext", "jupyter_memkit")
    assert shell.custom_exceptions == ()


@pytest.mark.own_process(scope="module")
def test_shell_beside_an_armed_guard(shell: InteractiveShell) -> None:
    """A shell that loads the extension in guarded code has its hooks at once."""
    other = InteractiveShell(config=shell.config)
    with guard("2GB"):
        cells = GuardedCells(other, reports_in_error=False)
        kinds = [other.custom_exceptions]
    cells.close()
    assert [*kinds, other.custom_exceptions] == [(BaseException,), ()]


def test_script(tmp_path: Path) -> None:
    """In a script, `guard` guards a block and works as a decorator."""
    script = tmp_path / "script.py"
    script.write_text(
        "from jupyter_memkit import MemoryLimitExceeded, guard\n"
        "@guard('300MB')\ndef grow(x):\n    while True: x.append([0] * 1000)\n"
        "for _ in range(2):\n    try: grow([])\n"
        "    except MemoryLimitExceeded as error: print(error.to_dict()['mark'])\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("300 MB\n300 MB\n", 0), done.stderr
