"""%%mem --lines in a shell and in a real kernel."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.track.line_memory import LinesResult
from tests.real_kernel import real_kernel

Captured = pytest.CaptureFixture[str]

MIB = 1024 * 1024

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("memray") is None, reason="there is none for Windows"
)

CELL = """\
%%mem --lines
block = bytearray(30 << 20)
text = '''a
b'''
made = make()
made
"""


def test_lines(shell: InteractiveShell, capsys: Captured) -> None:
    """Lines of the cell, and of functions of earlier cells, are measured."""
    shell.run_cell("def make():\n    return len(bytearray(50 << 20))")
    result = shell.run_cell(CELL)
    result.raise_error()
    out = capsys.readouterr().out
    assert result.result == 50 << 20
    assert shell.user_ns["text"] == "a\nb"
    # The cost is announced first.
    assert out.startswith("watching every line\nmemray records every allocation")
    assert "50.0 MiB" in out
    assert "2 of make  return len(bytearray(50 << 20))" in out
    assert "30.0 MiB  30.0 MiB  2          block = bytearray(30 << 20)" in out


def test_result(shell: InteractiveShell) -> None:
    """With -o the result is returned, also for a statement."""
    result = shell.run_cell("%mem -o --lines block = bytearray(30 << 20)").result
    assert isinstance(result, LinesResult)
    assert abs((result.lines[0].peak_bytes or 0) - 30 * MIB) < MIB


def test_failure(shell: InteractiveShell, capsys: Captured) -> None:
    """If the code fails, the lines measured so far are shown."""
    error = shell.run_cell("%%mem --lines\nx = 1\n1 / 0").error_in_exec
    assert isinstance(error, ZeroDivisionError)
    assert "until ZeroDivisionError: peak" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("%mem --lines -r 2 x", "leave out -r, --max and --max-gpu"),
        ("%%mem --lines --max 1MB\nx", "leave out -r, --max and --max-gpu"),
        ("%%mem --lines\n%%mem --lines\nx = 1", "lines are already being measured"),
    ],
)
def test_mistake(shell: InteractiveShell, cell: str, sentence: str) -> None:
    """Invalid requests are reported in one sentence."""
    error = shell.run_cell(cell).error_in_exec
    assert isinstance(error, UsageError)
    assert sentence in str(error)


def test_awaiting_in_a_kernel(tmp_path: Path) -> None:
    """A cell that awaits is measured in a kernel, without the cell around it."""
    with real_kernel(tmp_path) as kernel:
        kernel.run(
            "import asyncio\n"
            "result = %mem -o --lines x = await asyncio.sleep(0, bytearray(9 << 20))"
        )
        shown_lines = kernel.run(
            "print([(line.line, line.kept_bytes) for line in result.lines])"
        )
    ((number, kept_bytes),) = [
        (number, kept_bytes)
        for number, kept_bytes in eval(shown_lines)
        if kept_bytes > MIB
    ]
    assert number == 1
    assert abs(kept_bytes - 9 * MIB) < MIB
