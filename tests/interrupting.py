"""Interrupts cells at any moment."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.waiting import press_ctrl_c

MARKS = [
    # An interrupt in coverage's own code leaves its lock held.
    pytest.mark.own_process(scope="module"),
    pytest.mark.skipif(
        sys.platform == "win32", reason="a test cannot press Ctrl-C there"
    ),
]
"""Of the tests that interrupt."""

MARKS_OF_MAGICS = [
    *MARKS,
    # An interrupt between `open` and `with` leaves the file to the collector.
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    # The same between `scandir` and `with`, in `shutil.rmtree`.
    pytest.mark.filterwarnings("ignore:unclosed scandir iterator:ResourceWarning"),
]
"""Of the tests that interrupt a magic anywhere, also in code that is not ours."""

# For a longer run: MEMKIT_INTERRUPTS=200.
COUNT = int(os.environ.get("MEMKIT_INTERRUPTS", "2"))


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
