"""Code that awaits under a magic, in a separate shell and in a real kernel."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.techniques.gc_pausing.state import collector_state
from jupyter_memkit.track.mem import MemResult
from jupyter_memkit.track.tracker import tracker
from tests.real_kernel import RealKernel, real_kernel

Captured = pytest.CaptureFixture[str]

MIB = 1024 * 1024

linux = pytest.mark.skipif(sys.platform != "linux", reason="exact figures are of Linux")


def run(shell: InteractiveShell, cell: str) -> Any:
    """Run a cell as a terminal does."""
    return shell.run_cell(cell, store_history=True)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[RealKernel]:
    """A kernel, whose event loop runs during a cell."""
    with real_kernel(tmp_path) as kernel:
        kernel.run("import asyncio")
        yield kernel


@pytest.mark.parametrize(
    "cell",
    [
        "%%mem\nimport asyncio\nx = await asyncio.sleep(0, 7)\nx",
        "import asyncio\n%mem await asyncio.sleep(0, 7)",
        "%%mem\n%%mem\nimport asyncio\nawait asyncio.sleep(0, 7)",
        "%%gc_pause\nimport asyncio\nawait asyncio.sleep(0, 7)",
    ],
)
def test_value(shell: InteractiveShell, cell: str) -> None:
    """The last expression is displayed, whatever awaits it."""
    run(shell, cell)
    assert shell.user_ns["Out"] == {1: 7}


def test_result_object(shell: InteractiveShell) -> None:
    """The result of a magic is returned through the await."""
    run(shell, "import asyncio\nresult = %mem -r 2 -o await asyncio.sleep(0)")
    result = shell.user_ns["result"]
    assert isinstance(result, MemResult)
    assert result.runs == 2
    assert isinstance(run(shell, "%memit -o await asyncio.sleep(0)").result, MemResult)


def test_failure(shell: InteractiveShell, capsys: Captured) -> None:
    """Figures up to an error are shown, and the collector is restored."""
    code = "import asyncio\nawait asyncio.sleep(0)\n1 / 0"
    error = run(shell, f"%%mem\n%%gc_pause\n{code}").error_in_exec
    assert isinstance(error, ZeroDivisionError)
    assert "until ZeroDivisionError: peak" in capsys.readouterr().out
    assert collector_state.claims == ()
    assert tracker().cells[-1].error == "ZeroDivisionError"


@pytest.mark.parametrize(
    "cell",
    [
        "%%mem\ntext = 'await'",
        "%%mem\nasync def later():\n    await nothing",
        "def wait():\n    %mem await nothing",
        "text = \"get_ipython().run_line_magic('mem', 'await x')\"",
        "%%timeit -n 1 -r 1\n'await'",
    ],
)
def test_what_does_not_await(shell: InteractiveShell, cell: str) -> None:
    """Code that only contains the word is run as before."""
    transformed = shell.transform_cell(cell)
    assert "await get_ipython()" not in transformed
    shell.run_line_magic("unload_ext", "jupyter_memkit")
    assert shell.transform_cell(cell) == transformed


def test_places(shell: InteractiveShell) -> None:
    """Each call is awaited in its place, even after multi-byte characters."""
    cell = "é = %mem -o await a\nif é:\n    %memit await b"
    assert shell.transform_cell(cell) == (
        "é = await get_ipython().run_line_magic('mem', '-o await a')\n"
        "if é:\n    await get_ipython().run_line_magic('memit', 'await b')\n"
    )


@pytest.mark.parametrize("cell", ["%mem --fast await x", "%%mem\nawait = = 1", "x ="])
def test_invalid_code(shell: InteractiveShell, cell: str) -> None:
    """Invalid code is left for IPython to report."""
    assert "await get_ipython()" not in shell.transform_cell(cell)
    assert run(shell, cell).error_in_exec or run(shell, cell).error_before_exec


def test_autoawait_off(shell: InteractiveShell) -> None:
    """If the user has disabled autoawait, it is disabled under a magic, too."""
    shell.autoawait = False
    error = run(shell, "%%mem\nimport asyncio\nawait asyncio.sleep(0)").error_in_exec
    assert isinstance(error, SyntaxError)


def test_direct_call(shell: InteractiveShell) -> None:
    """Called from code, a magic over code that awaits returns a coroutine."""
    run(shell, "import asyncio")
    coroutine = shell.run_line_magic("mem", "-o await asyncio.sleep(0)")
    assert isinstance(asyncio.run(coroutine), MemResult)


@linux
def test_peak_in_a_kernel(kernel: RealKernel) -> None:
    """A cell that awaits is measured in a kernel with a running loop."""
    printed = kernel.run(
        "%%mem\nblock = b'x' * (100 << 20)\nawait asyncio.sleep(0.01)\ndel block\n"
        "print(await asyncio.sleep(0, 'awaited'))"
    )
    assert printed == "awaited\n"
    kernel.run("result = %mem -o await asyncio.sleep(0.01, b'x' * (100 << 20));")
    peak = kernel.run("print(result.peak_bytes)")
    assert abs(int(peak) - 100 * MIB) < 4 * MIB


def test_tasks_run_meanwhile_in_a_kernel(kernel: RealKernel) -> None:
    """While a measured cell waits, the loop runs other tasks."""
    printed = kernel.run(
        "%%gc_pause\nevent = asyncio.Event()\n"
        "asyncio.get_running_loop().call_later(0.05, event.set)\n"
        "await asyncio.wait_for(event.wait(), 30)\nprint(event.is_set())"
    )
    assert printed == "True\n"
