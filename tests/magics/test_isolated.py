"""``%%isolated`` in a shell."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.magics.isolated import cell as isolated_cell
from jupyter_memkit.magics.isolated import session as isolated_session
from jupyter_memkit.track import tracker as tracker_module
from tests.waiting import interrupt_when, wait_until

Captured = pytest.CaptureFixture[str]

MIB = 1 << 20


def run(shell: InteractiveShell, cell: str) -> ExecutionResult:
    """Run a cell as a notebook does."""
    result: ExecutionResult = shell.run_cell(cell, store_history=True)
    return result


def shown(result: ExecutionResult) -> Any:
    """Return the displayed value of a cell."""
    return result.result


@pytest.fixture(autouse=True)
def nothing_left(shell: InteractiveShell) -> Iterator[None]:
    """No process is left after the extension is unloaded."""
    before = psutil.Process().children(recursive=True)
    yield
    assert shell.extension_manager is not None
    shell.extension_manager.unload_extension("jupyter_memkit")
    assert set(psutil.Process().children(recursive=True)) <= set(before)


def test_value(shell: InteractiveShell, capsys: Captured) -> None:
    """The value of the last expression is the cell's, as in the kernel."""
    run(shell, "rate = 2\ndef price(n):\n    return n * rate")
    result = run(shell, "%%isolated\nimport os\nrate = 3\nprice(5), os.getpid()")
    value, pid = shown(result)
    assert (value, pid == os.getpid()) == (15, False)
    assert shell.user_ns["rate"] == 2
    assert shell.user_ns["_"] == result.result
    out = capsys.readouterr().out
    assert "Out[2]: (15, " in out
    assert "Isolated: peak " in out
    assert "Lost with the process: rate. --out rate would have returned them." in out
    # Functions are sent with what they read.
    assert "B: price, rate\n" in out


def test_out(shell: InteractiveShell, capsys: Captured) -> None:
    """The variables that --out names are returned, and nothing else."""
    cell = "import numpy as np\na = np.arange(10)\nb = a[5:]\nc = 1\na.sum()"
    result = run(shell, f"%%isolated --out a,b\n{cell}")
    assert result.success
    np.testing.assert_array_equal(shell.user_ns["b"], [5, 6, 7, 8, 9])
    assert "c" not in shell.user_ns
    assert "np" not in shell.user_ns
    out = capsys.readouterr().out
    # It is displayed, but is not a variable in the kernel.
    assert "Out[1]: np.int64(45)" in out
    assert result.result is None
    assert "Lost with the process: c." in out


def test_result(shell: InteractiveShell) -> None:
    """With -o the record is the cell's result."""
    result = shown(run(shell, "%%isolated -o --out a\na = b'x' * 1000\nb = 1"))
    assert (result.outputs, result.kept) == (("a",), ("b",))
    assert result.received_bytes > 1000
    assert result.peak_bytes > 10 * MIB


@pytest.mark.filterwarnings("default")
def test_output(shell: InteractiveShell, capsys: Captured) -> None:
    """Printed and displayed output and warnings are shown as in the kernel."""
    shell.user_ns["name"] = "ann"
    run(
        shell,
        "%%isolated\n"
        "import sys, warnings\n"
        "print('one'); print('two', file=sys.stderr)\n"
        "display({'a': 1})\n"
        "warnings.warn('careful')\n"
        "!echo hello {name}\n"
        "x = %pwd\n"
        "print(x)\n"
        "import asyncio\n"
        "await asyncio.sleep(0)\n"
        "(each for each in ());",
    )
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[:4] == ["one", "{'a': 1}", "hello ann", str(Path.cwd())]
    assert lines[4].startswith("Isolated: ")
    assert captured.err.startswith("two\n")
    assert ":5: UserWarning: careful\n  warnings.warn('careful')\n" in captured.err


def test_shell_of_the_process(shell: InteractiveShell) -> None:
    """Functions of the notebook find the shell of their process."""
    run(shell, "def here():\n    return type(get_ipython()).__name__")
    assert shown(run(shell, "%%isolated\nhere()")) == "_Shell"


def test_value_that_stays(shell: InteractiveShell, capsys: Captured) -> None:
    """A value that cannot be sent is displayed, but not returned."""
    result = run(shell, "%%isolated\n(each for each in ())")
    assert result.success
    assert "Out[1]: <generator object" in capsys.readouterr().out
    assert result.result is None


def test_error(shell: InteractiveShell, capsys: Captured) -> None:
    """An error is raised with the cell's lines, and the kernel is unchanged."""
    run(shell, "def invert(x):\n    return 1 / x")
    shell.user_ns["y"] = 5
    result = run(shell, "%%isolated --out y\n\ny = 1\ninvert(0)  # here")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    frames = traceback.extract_tb(result.error_in_exec.__traceback__)
    assert [frame.lineno for frame in frames[-2:]] == [4, 2]
    out = re.sub(r"\x1b\[[\d;]*m", "", "".join(capsys.readouterr()))
    assert "invert(0)  # here" in out
    assert "return 1 / x" in out
    assert "isolated_shell" not in out
    assert shell.user_ns["y"] == 5


def test_error_after_a_change(shell: InteractiveShell, capsys: Captured) -> None:
    """Changes before a failure are reported below the error, and not returned."""
    change = "import os\nos.environ['MEMKIT_X'] = '1'\n"
    run(shell, f"%%isolated --name p\n{change}1 / 0")
    shown_text = "".join(capsys.readouterr())
    assert "Changed only in its process: os.environ." in shown_text
    assert shown(run(shell, "%%isolated --name p\nimport os\nos.environ['MEMKIT_X']"))
    run(shell, "%isolated --close p")


def test_interrupt(shell: InteractiveShell, capsys: Captured) -> None:
    """Ctrl-C ends the cell with KeyboardInterrupt, at its line."""

    class Presser:
        """Sends Ctrl-C when the cell has printed."""

        def write(self, text: str) -> None:
            if text.startswith("begun"):
                signal.raise_signal(signal.SIGINT)

        def flush(self) -> None:
            pass

    with contextlib.redirect_stdout(Presser()):  # type: ignore[type-var] # enough
        result = run(
            shell, "%%isolated\nimport time\nprint('begun')\ntime.sleep(600)  # here"
        )
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    frames = traceback.extract_tb(result.error_in_exec.__traceback__)
    assert frames[-1].lineno == 4
    capsys.readouterr()
    assert run(shell, "1 + 1").result == 2


REFUSED = [
    ("", "(each for each in rows)\nlocked", "locked cannot be sent to another process"),
    ("--out missing", "x = 1", "did not set missing, which --out names; it set x"),
    ("--out lists", "list_ = 1\nlists_ = 2", "did you mean lists_?"),
    ("--in missing", "1", "no variable missing, which --in names"),
    ("--out a-b", "1", "'a-b' is not a name"),
    ("--memory much", "1", "'much' is not a size"),
    ("--memory 0GB", "1", "--memory: '0GB' must be more than 0"),
    ("--name 1", "1", "'1' is not a name"),
    ("--list", "1", "do not run a cell"),
    ("--nonsense", "1", "has no option --nonsense"),
    ("--out value", "value = locked = __import__('_thread').allocate_lock()", "value:"),
    ("", "import os\nos._exit(3)", "ended itself with status 3"),
    ("", "import os\nos.kill(os.getpid(), 9)", "was killed (SIGKILL)"),
]


@pytest.mark.parametrize(("options", "body", "sentence"), REFUSED)
def test_refused(
    shell: InteractiveShell, options: str, body: str, sentence: str
) -> None:
    """A usage error or a dying process is one sentence, and nothing is changed."""
    run(shell, "import threading\nlocked = threading.Lock()\nrows = [1]")
    before = dict(shell.user_ns)
    error = run(shell, f"%%isolated {options}\n{body}").error_in_exec
    assert isinstance(error, UsageError)
    assert sentence in str(error)
    changed = {
        name
        for name, value in shell.user_ns.items()
        if before.get(name) is not value and not name.startswith("_")
    }
    assert changed == set()


@pytest.mark.parametrize("cell", ["exit", "quit()"])
def test_exit(shell: InteractiveShell, cell: str) -> None:
    """The end of the kernel is refused in one sentence."""
    error = run(shell, f"%%isolated\n{cell}").error_in_exec
    assert isinstance(error, IsolatedError)
    assert "would end the kernel" in str(error)


def test_syntax_error(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """A syntax error is reported before any process is started."""
    monkeypatch.setattr(isolated_session, "ChildProcess", None)
    result = run(shell, "%%isolated\nx = = 1")
    assert isinstance(result.error_in_exec, SyntaxError)
    assert result.error_in_exec.lineno == 2
    capsys.readouterr()


def test_too_large(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """A variable that is too large to copy is refused with its size."""
    shell.user_ns["big"] = np.zeros(8 * MIB)
    run(shell, "def total():\n    return big.sum()")
    monkeypatch.setattr(isolated_cell, "read_room_bytes", lambda: 10 * MIB)
    for body in ("big.sum()", "total()"):
        error = run(shell, f"%%isolated\n{body}").error_in_exec
        assert "needs a copy of big (64.0 MiB)" in str(error)
        assert "only 10.0 MiB is left; read it from its file" in str(error)
    capsys.readouterr()


def test_memory(shell: InteractiveShell, capsys: Captured) -> None:
    """With --memory an allocation fails in the cell, if the system limits it."""
    result = run(shell, "%%isolated --memory 200MiB\nx = bytearray(10**9)")
    assert isinstance(result.error_in_exec, (MemoryError, UsageError))
    if isinstance(result.error_in_exec, MemoryError):
        assert "The memory limit of the process is 200 MiB" in capsys.readouterr().out
    capsys.readouterr()


def test_named(shell: InteractiveShell, capsys: Captured) -> None:
    """A named process keeps its variables until it is closed."""
    shell.user_ns["rows"] = [1, 2]
    run(shell, "%%isolated --name model\nrows.append(3)\nmodel = sum(rows)")
    shell.user_ns["model"] = None
    value = shown(run(shell, "%%isolated --name model\nmodel, rows"))
    assert value == (6, [1, 2, 3])
    run(shell, "%%isolated --name model --in rows\nrows").raise_error()
    assert shell.user_ns["_"] == [1, 2]
    # The code of functions is always the latest.
    for number in (1, 2):
        run(shell, f"def count():\n    return {number}")
        assert run(shell, "%%isolated --name model\ncount()").result == number
    # Variables that functions read belong to the process, too.
    run(shell, "def grow():\n    rows.append(model)\n    return rows")
    for expected in ([1, 2, 6], [1, 2, 6, 6]):
        assert run(shell, "%%isolated --name model\ngrow()").result == expected
    capsys.readouterr()
    listed = shown(run(shell, "%isolated"))
    (process,) = listed.processes
    assert (process.name, process.cells) == ("model", 7)
    assert process.variables == ("count", "grow", "model", "rows")
    assert process.rss_bytes > 10 * MIB
    assert "grow, model, rows" in capsys.readouterr().out
    closed = shown(run(shell, "%isolated --close model"))
    assert closed.freed_bytes > 10 * MIB
    assert not psutil.pid_exists(process.pid)
    assert "Closed model: " in capsys.readouterr().out
    run(shell, "%isolated --list")
    assert "No isolated process is running" in capsys.readouterr().out
    error = run(shell, "%isolated --close model").error_in_exec
    assert "there is no process model; none is running" in str(error)


def test_interrupted_closing(shell: InteractiveShell, tmp_path: Path) -> None:
    """Ctrl-C while a process runs its exit handlers ends it, and its name is free."""
    begun = tmp_path / "begun"
    cell = f"""
import atexit, pathlib, time
@atexit.register
def finish():
    pathlib.Path({str(begun)!r}).touch()
    time.sleep(1000)
"""
    assert run(shell, f"%%isolated --name p{cell}").success
    pressing = interrupt_when(begun)
    error = run(shell, "%isolated --close p").error_in_exec
    pressing.join()
    assert isinstance(error, KeyboardInterrupt)
    assert shown(run(shell, "%isolated")).processes == ()
    assert run(shell, "%%isolated --name p\n5").result == 5


@pytest.mark.parametrize("event", ["pre_execute", "post_execute"])
def test_interrupted_callback(
    shell: InteractiveShell, tmp_path: Path, event: str
) -> None:
    """Ctrl-C while a callback of IPython runs in the process is not lost."""
    begun = tmp_path / "begun"
    cell = f"""
import pathlib, time
def wait():
    pathlib.Path({str(begun)!r}).touch()
    time.sleep(1000)
get_ipython().events.register({event!r}, wait)
"""
    if event == "pre_execute":
        run(shell, f"%%isolated --name p{cell}").raise_error()
        cell = "\n1"
    pressing = interrupt_when(begun)
    error = run(shell, f"%%isolated --name p{cell}").error_in_exec
    pressing.join()
    assert isinstance(error, KeyboardInterrupt)


@pytest.mark.parametrize(
    ("line", "cell"), [("--out typo", "n += 1"), ("", "n += 1\n1 / 0")]
)
def test_named_after_an_error(shell: InteractiveShell, line: str, cell: str) -> None:
    """What a cell set before it failed stays in a named process."""
    shell.user_ns["n"] = 1
    error = run(shell, f"%%isolated --name model {line}\n{cell}").error_in_exec
    assert isinstance(error, (UsageError, ZeroDivisionError))
    assert run(shell, "%%isolated --name model\nn").result == 2
    assert shell.user_ns["n"] == 1


def test_named_that_died(shell: InteractiveShell) -> None:
    """The end of a process between cells is reported once; then a new one starts."""
    run(shell, "%%isolated --name model\nx = 1").raise_error()
    (process,) = shown(run(shell, "%isolated")).processes
    os.kill(process.pid, signal.SIGKILL)
    # Its memory is gone before this process can learn of its end.
    psutil.Process(process.pid).wait() if psutil.pid_exists(process.pid) else None
    error = run(shell, "%%isolated --name model\nx").error_in_exec
    assert "the process model has ended and its variables are lost" in str(error)
    run(shell, "%%isolated --name model\n1").raise_error()


def test_unload_ends_processes(shell: InteractiveShell) -> None:
    """Unloading the extension ends the running processes."""
    run(shell, "%%isolated --name model\nx = 1").raise_error()
    (process,) = shown(run(shell, "%isolated")).processes
    assert psutil.pid_exists(process.pid)
    assert shell.extension_manager is not None
    shell.extension_manager.unload_extension("jupyter_memkit")
    assert not psutil.pid_exists(process.pid)


def test_line_without_a_cell(shell: InteractiveShell) -> None:
    """The line magic refuses the options of a cell."""
    error = run(shell, "%isolated --out x").error_in_exec
    assert "put %%isolated on the first line of a cell" in str(error)


def test_tracker(shell: InteractiveShell, capsys: Captured, tmp_path: Path) -> None:
    """The record of the cell includes the peak of its process."""
    (tracker,) = tracker_module._running
    read = tmp_path / "read"

    def wait() -> None:
        try:
            wait_until(lambda: tracker.now().children_bytes > 300_000_000)
        finally:
            read.touch()

    thread = threading.Thread(target=wait)
    thread.start()
    run(
        shell,
        "%%isolated\nimport pathlib, time\nx = b'x' * 300_000_000\n"
        f"while not pathlib.Path({str(read)!r}).exists(): time.sleep(0.01)",
    ).raise_error()
    thread.join()
    capsys.readouterr()
    cell = tracker.cells[-1]
    assert cell.first_line.startswith("x = b")
    assert cell.children_peak_bytes > 300_000_000
    assert cell.peak_bytes - cell.before_bytes < 100_000_000


# `%cd` of IPython 8 looks for a bookmark first.
@pytest.mark.filterwarnings("ignore:This is now an optional IPython:UserWarning")
def test_deleted_working_directory(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IPython cannot start in a deleted directory; the remedy works."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    error = run(shell, "%%isolated\n1").error_in_exec
    message = "the working directory was deleted; change to another: %cd ~"
    assert str(error) == message
    monkeypatch.setenv("HOME", str(tmp_path))
    run(shell, "%cd ~").raise_error()
    assert shown(run(shell, "%%isolated\n1")) == 1
