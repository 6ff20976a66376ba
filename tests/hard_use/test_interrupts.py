"""Ctrl-C at any moment of any magic is not lost, and changes and leaves nothing.

``MEMKIT_INTERRUPTS=50`` interrupts each magic so often.
"""

from __future__ import annotations

import gc
import random
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.hard_use.every_magic import CALLS, PREPARATIONS, SETUP
from tests.interrupting import COUNT, MARKS_OF_MAGICS, Interrupting
from tests.waiting import wait_until

pytestmark = MARKS_OF_MAGICS


@pytest.mark.parametrize("number", range(len(CALLS)), ids=CALLS)
def test_ctrl_c(shell: InteractiveShell, tmp_path: Path, number: int) -> None:
    """The cell fails with it, values are unchanged, and nothing is left running."""
    pd.DataFrame({"a": range(1000)}).to_csv(tmp_path / "table.csv", index=False)
    before, call = PREPARATIONS.get(number, ""), CALLS[number].format(folder=tmp_path)
    for _ in range(2):  # The first call imports.
        for code in (SETUP, before):
            shell.run_cell(code).raise_error()
        started_s = time.perf_counter()
        shell.run_cell(call).raise_error()
        took_s = time.perf_counter() - started_s
    moments = random.Random(number)
    interrupting = Interrupting(shell)
    streams = (sys.stdout, sys.stderr)
    threads = threading.active_count()
    children = len(psutil.Process().children(recursive=True))
    for _ in range(COUNT):
        shell.run_cell(SETUP)
        shell.run_cell(before)
        frame, array = (shell.user_ns[name].copy() for name in ("frame", "array"))
        interrupting.run(call, moments.uniform(0, took_s))
        assert (sys.stdout, sys.stderr) == streams
        pd.testing.assert_frame_equal(shell.user_ns["frame"], frame, check_dtype=False)
        assert (shell.user_ns["array"] == array).all()
        if not gc.isenabled():
            shell.run_cell("%gc_pause off")
        assert gc.isenabled()
    shell.run_cell("%memguard off")
    shell.run_cell("%isolated --close kept")
    wait_until(lambda: threading.active_count() <= threads)
    assert len(psutil.Process().children(recursive=True)) <= children
    assert interrupting.lost == 0
