"""Ctrl-C at any moment ends a magic, and leaves the user's values intact."""

from __future__ import annotations

import gc
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.waiting import press_ctrl_c

pytestmark = [
    # An interrupt in coverage's own code leaves its lock held.
    pytest.mark.own_process,
    pytest.mark.skipif(
        sys.platform == "win32", reason="a test cannot press Ctrl-C there"
    ),
    # An interrupt between `open` and `with` leaves the file to the collector.
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    # The same between `scandir` and `with`, in `shutil.rmtree`.
    pytest.mark.filterwarnings("ignore:unclosed scandir iterator:ResourceWarning"),
]

# For a longer run: MEMKIT_INTERRUPTS=200.
COUNT = int(os.environ.get("MEMKIT_INTERRUPTS", "2"))

LISTS = "x = [[i, str(i)] for i in range(20_000)]"
ARRAY = "x = np.arange(300_000)"

# By name: the preparation before each call, and the call.
CALLS = {
    "memfree": (LISTS, "%memfree x"),
    "spill": (ARRAY, "%spill x"),
    "spill --back": (ARRAY + "\n%spill x", "%spill --back x"),
    "memls --exact": (LISTS, "%memls --exact"),
    "memleaks": (LISTS, "%memleaks"),
    "unload": ("import kitless", "%unload kitless"),
    "shrink": (ARRAY, "%shrink x"),
    "to_numpy": ("x = [float(i) for i in range(300_000)]", "%to_numpy x"),
    "memsnap": (LISTS, "%memsnap before"),
    "mem --lines": ("x = 1", "%%mem --lines\ny = [[i] for i in range(5_000)]"),
}


class Interrupting:
    """Sends Ctrl-C at a moment of a cell, and records the outcome."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._is_running = False
        self.arrived = self.lost = 0
        self.ours: set[str] = set()
        # If a magic collected one, the callback of `threading`, which is written in
        # Python, could lose the interrupt.
        self._threads: list[threading.Timer] = []
        signal.signal(signal.SIGINT, self._handle)

    def run(self, code: str, delay_s: float) -> None:
        """Run code, and interrupt it after a delay in seconds."""
        thread = threading.Timer(delay_s, press_ctrl_c)
        self._threads.append(thread)
        before = self.arrived
        self._is_running = True
        thread.start()
        result = self._shell.run_cell(code)
        self._is_running = False
        thread.join()
        error = result.error_in_exec
        if self.arrived > before:
            self.lost += not isinstance(error, KeyboardInterrupt)
        traceback = None if error is None else error.__traceback__
        while traceback is not None:
            name = traceback.tb_frame.f_code.co_filename
            is_shown = "__tracebackhide__" not in traceback.tb_frame.f_locals
            if "jupyter_memkit" in name and is_shown:
                self.ours.add(f"{name}:{traceback.tb_lineno}")
            traceback = traceback.tb_next

    def _handle(self, _number: int, frame: FrameType | None) -> None:
        if self._is_running and _is_in_code(frame):
            self.arrived += 1
            raise KeyboardInterrupt


def _is_in_code(frame: FrameType | None) -> bool:
    """Return whether the cell's own code is running, rather than IPython's."""
    while frame is not None:
        if frame.f_code.co_name == "run_code":
            return True
        frame = frame.f_back
    return False


@pytest.mark.parametrize("name", CALLS)
def test_ctrl_c_ends_the_magic(
    shell: InteractiveShell,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    """No Ctrl-C is lost, its traceback is the user's, and values are unchanged."""
    (tmp_path / "kitless.py").write_text("rows = [[i] for i in range(20_000)]")
    monkeypatch.syspath_prepend(tmp_path)
    shell.user_ns["np"] = np
    prepare, call = CALLS[name]
    for _ in range(2):  # The first call imports.
        shell.run_cell(prepare)
        started_s = time.perf_counter()
        assert shell.run_cell(call).success
        took_s = time.perf_counter() - started_s
        sys.modules.pop("kitless", None)
    moments = random.Random(name)
    interrupting = Interrupting(shell)
    stderr = sys.stderr
    for _ in range(COUNT):
        shell.run_cell(prepare)
        before = shell.user_ns.get("x")
        interrupting.run(call, moments.uniform(0, took_s))
        assert (gc.isenabled(), sys.stderr) == (True, stderr)
        if name != "memfree" and before is not None:
            assert np.array_equal(shell.user_ns["x"], before)
        sys.modules.pop("kitless", None)
    if COUNT > 2:
        with capsys.disabled():
            print(f" {name}: {interrupting.arrived} arrived, {interrupting.lost} lost")
    assert (interrupting.lost, interrupting.ours) == (0, set())
    assert "Exception ignored" not in capsys.readouterr().err
