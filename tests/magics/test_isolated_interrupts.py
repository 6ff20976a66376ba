"""Ctrl-C at each step that starts or ends a process leaves no process behind."""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_memkit
from tests.interrupting import MARKS

pytestmark = MARKS

# For a longer run: MEMKIT_INTERRUPTED_STEPS=1000.
COUNT = int(os.environ.get("MEMKIT_INTERRUPTED_STEPS", "6"))
SEED = int(os.environ.get("MEMKIT_INTERRUPTED_STEPS_SEED", "0"))

ROOT = Path(jupyter_memkit.__file__).parent

# The files that start and end a process; calls have tests of their own.
FILES = frozenset(
    str(ROOT / name)
    for name in (
        "interrupts.py",
        "magics/isolated/magic.py",
        "magics/isolated/session.py",
        "techniques/isolated/calls.py",
        "techniques/processes/process.py",
    )
)

NAMED = "%%isolated --name p\n1"
DECORATED = """
from jupyter_memkit import isolated
square = isolated()(lambda n: n * n)
"""

# By name: what is run before, and what is interrupted.
CELLS = {
    "cell": ("", "%%isolated\n1"),
    "named cell": ("", NAMED),
    "close": (NAMED, "%isolated --close p"),
    "unload": (NAMED, "%unload_ext jupyter_memkit"),
    "function": (DECORATED, "square(3)"),
}


class Steps:
    """Counts the bytecodes of `FILES`, and sends Ctrl-C before one of them."""

    def __init__(self, number: int = 0) -> None:
        self._number = number
        self.n = 0
        self.place = ""

    def trace(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        """Trace the frames of these files."""
        if frame.f_code.co_filename not in FILES:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._step

    def _step(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "opcode":
            self.n += 1
            if self.n == self._number:
                code = frame.f_code
                self.place = f"{code.co_filename}:{frame.f_lineno} {code.co_name}"
                # Its handler is called here.
                signal.raise_signal(signal.SIGINT)
        return self._step


def run(shell: InteractiveShell, before: str, code: str, number: int = 0) -> Steps:
    """Run code after other code, with Ctrl-C at a step; return the steps."""
    shell.run_cell("%load_ext jupyter_memkit")
    shell.run_cell(before).raise_error()
    steps = Steps(number)
    sys.settrace(steps.trace)
    try:
        error = shell.run_cell(code).error_in_exec
    finally:
        sys.settrace(None)
    expected = KeyboardInterrupt if 0 < number <= steps.n else type(None)
    assert type(error) is expected, (steps.place, error)
    return steps


@pytest.mark.parametrize("name", CELLS)
def test_ctrl_c_at_a_step(shell: InteractiveShell, name: str) -> None:
    """The cell is interrupted, and unloading the extension leaves no process."""
    before, code = CELLS[name]
    run(shell, before, code)  # The first time imports.
    shell.run_cell("%unload_ext jupyter_memkit")
    total = run(shell, before, code).n
    draw = random.Random(f"{SEED} {name}")
    numbers = draw.sample(range(1, total + 1), min(COUNT, total))
    left = {}
    for number in sorted(numbers):
        shell.run_cell("%unload_ext jupyter_memkit")
        steps = run(shell, before, code, number)
        shell.run_cell("%unload_ext jupyter_memkit")
        for child in psutil.Process().children():
            left[steps.place] = child.status()
            child.kill()
            os.waitpid(child.pid, 0)
    assert left == {}
    assert total > len(numbers)
