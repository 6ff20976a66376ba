"""Signal-safe calls: exceptions of signal handlers reach the user's code."""

from __future__ import annotations

import ast
import os
import random
import signal
import sys
import threading
import weakref
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.signal_safe import SignalSafe
from jupyter_memkit.track.events import CellEvents
from jupyter_memkit.track.tracker import MemoryTracker, tracker
from tests.waiting import LIMIT_S, press_ctrl_c

# It ends by itself, so that a lost interrupt fails the test instead of hanging it.
LONG_CELL = """
for _ in range(3000):
    __import__("time").sleep(0.01)
"""

TRIALS = int(os.environ.get("MEMKIT_RANDOM_INTERRUPTS", "20"))


def test_ctrl_c_in_a_hook_ends_the_cell(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while a cell's record is opened ends the cell, and keeps the record."""
    begin = MemoryTracker.begin_cell

    def begin_struck(self: MemoryTracker, code: str, **names: Any) -> Any:
        press_ctrl_c()
        return begin(self, code, **names)

    monkeypatch.setattr(MemoryTracker, "begin_cell", begin_struck)
    result = shell.run_cell(LONG_CELL)
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert [cell.error for cell in tracker().cells] == ["KeyboardInterrupt"]
    assert tracker().running is None
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_at_the_end_of_an_inner_cell_ends_the_outer_one(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the hook after a nested cell ends the outer one."""
    shell.user_ns["shell"] = shell
    code = f"shell.run_cell('1')\n{LONG_CELL}"
    end = CellEvents._post_run_cell

    def end_struck(self: CellEvents, result: Any) -> None:
        if len(self._stack()) == 2:
            press_ctrl_c()
        end(self, result)

    monkeypatch.setattr(CellEvents, "_post_run_cell", end_struck)
    assert shell.extension_manager is not None
    shell.extension_manager.unload_extension("jupyter_memkit")
    shell.extension_manager.load_extension("jupyter_memkit")
    result = shell.run_cell(code)
    assert isinstance(result.error_in_exec, KeyboardInterrupt)


def test_a_cell_interrupted_before_its_code_has_an_account_that_ends(
    shell: InteractiveShell,
) -> None:
    """Ctrl-C in IPython before the cell's code leaves no record open."""

    class Interrupted(ast.NodeTransformer):
        def visit(self, _node: ast.AST) -> ast.AST:
            shell.ast_transformers.remove(self)
            raise KeyboardInterrupt

    shell.ast_transformers.append(Interrupted())
    shell.run_cell("1")
    shell.run_cell("2")
    assert [cell.error for cell in tracker().cells] == ["KeyboardInterrupt", None]


# Ctrl-C in IPython leaves a coroutine, and the streams as IPython changed them.
@pytest.mark.own_process
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(sys.platform == "win32", reason="needs a timer of the system")
def test_no_signal_is_lost_at_the_start_of_a_cell(shell: InteractiveShell) -> None:
    """Wherever a signal arrives when a cell starts, the cell ends with it.

    IPython's own callbacks are removed, because IPython drops what arrives in them.
    """
    chance = random.Random(13)
    callbacks = shell.events.callbacks["pre_execute"]
    of_ipython = [each for each in callbacks if each.__module__.startswith("IPython.")]
    for each in of_ipython:
        shell.events.unregister("pre_execute", each)
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    lost = []
    try:
        for _ in range(TRIALS):
            delay_s = chance.uniform(0.0001, 0.002)
            try:
                signal.setitimer(signal.ITIMER_REAL, delay_s)
                shell.run_cell(LONG_CELL + "lost = True")
            except KeyboardInterrupt:
                # It arrived in IPython itself, before the cell.
                continue
            if shell.user_ns.pop("lost", False):
                lost.append(delay_s)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        for each in of_ipython:
            shell.events.register("pre_execute", each)
    assert lost == []


def test_every_thread_has_a_call_of_its_own() -> None:
    """A call that is busy on one thread serves another."""
    inside, go_on = threading.Event(), threading.Event()
    seen = []

    def serve(argument: str) -> None:
        if argument == "first":
            inside.set()
            go_on.wait(LIMIT_S)
        seen.append(argument)

    call = SignalSafe(serve)
    thread = threading.Thread(target=call, args=("first",))
    thread.start()
    inside.wait(LIMIT_S)
    call("second")
    go_on.set()
    thread.join()
    assert seen == ["second", "first"]


def test_a_failure_is_logged_and_the_next_call_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An exception of the function is only logged, and the next call works."""
    seen: list[float] = []

    def divide(number: float) -> None:
        seen.append(1 / number)

    call = SignalSafe(divide)
    call(0)
    call(1)
    assert seen == [1.0]
    assert "ZeroDivisionError" in caplog.text


def test_nothing_of_a_call_is_kept() -> None:
    """The argument of a call is released after the call."""

    class Result:
        pass

    result = Result()
    reference = weakref.ref(result)
    call = SignalSafe(lambda _: None)
    call(result)
    del result
    assert reference() is None
