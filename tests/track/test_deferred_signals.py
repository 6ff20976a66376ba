"""A signal that arrives in a hook of ours strikes in the user's cell."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.track.tracker import MemoryTracker, tracker
from tests.untraced import untraced_environment

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="a test cannot press Ctrl-C there"
)

# Raises a signal at each line of the hook, one line a cell, and prints whether there
# were many, and at which the cell went on. It begins with the second: the first
# instruction of a function is in no `try`.
EACH_LINE = """
import signal, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
signal.signal(signal.SIGINT, signal.default_int_handler)
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell(config=config)
shell.run_line_magic("load_ext", "jupyter_memkit")
shell._showtraceback = lambda *_: None
where = None
def trace(frame, event, _):
    global left, where
    if "jupyter_memkit/track/" not in frame.f_code.co_filename:
        return None
    if event == "line":
        left -= 1
        if left == 0:
            where = f"{frame.f_code.co_name}:{frame.f_lineno}"
            signal.raise_signal(signal.SIGINT)
    return trace
trigger = shell.events.trigger
def traced(event, *arguments):
    if event != "pre_run_cell":
        return trigger(event, *arguments)
    sys.settrace(trace)
    try:
        return trigger(event, *arguments)
    finally:
        sys.settrace(None)
lost = []
lines = 1
while True:
    lines += 1
    left, where = lines, None
    shell.events.trigger = traced
    result = shell.run_cell("for x in range(9): pass")
    del shell.events.trigger
    if where is None:
        break
    if not isinstance(result.error_in_exec, KeyboardInterrupt):
        lost.append(where)
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        lost.append("handler at " + where)
shell.run_line_magic("unload_ext", "jupyter_memkit")
print(lines > 30, lost)
"""


@pytest.fixture
def timeouts() -> Iterator[None]:
    """A handler of the user's, which raises."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGUSR1, stop)
    yield
    signal.signal(signal.SIGUSR1, before)


def strike_in(
    monkeypatch: pytest.MonkeyPatch, method: str, number: signal.Signals
) -> None:
    """Raise a signal while the tracker opens or closes an account."""
    original: Callable[..., Any] = getattr(MemoryTracker, method)

    def struck(*arguments: Any, **options: Any) -> Any:
        monkeypatch.undo()
        signal.raise_signal(number)
        return original(*arguments, **options)

    monkeypatch.setattr(MemoryTracker, method, struck)


@pytest.mark.usefixtures("timeouts")
@pytest.mark.parametrize(
    ("number", "error"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGUSR1, TimeoutError)],
)
def test_signal_in_the_first_hook_ends_the_cell(
    shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
    error: type[BaseException],
) -> None:
    """What the handler raises is the cell's error, in the history and the account."""
    handler = signal.getsignal(signal.SIGINT)
    strike_in(monkeypatch, "begin_cell", number)
    result = shell.run_cell("x = 1\nfor y in range(9):\n  x = y", store_history=True)
    assert isinstance(result.error_in_exec, error)
    assert "Error in callback" not in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is handler
    assert len(shell.user_ns["In"]) == shell.execution_count
    assert tracker().running is None


def test_ctrl_c_while_the_account_is_opened_is_in_the_account(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is opened in full, and says what ended the cell."""
    strike_in(monkeypatch, "begin_cell", signal.SIGINT)
    result = shell.run_cell("while True: pass", store_history=True)
    assert [record.error for record in tracker().cells] == ["KeyboardInterrupt"]
    traceback = result.error_in_exec.__traceback__
    while traceback is not None:
        assert "jupyter_memkit" not in traceback.tb_frame.f_code.co_filename
        traceback = traceback.tb_next


@pytest.mark.usefixtures("timeouts")
@pytest.mark.parametrize("event", ["pre_run_cell", "post_run_cell"])
@pytest.mark.parametrize(
    ("number", "error"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGUSR1, TimeoutError)],
)
def test_signal_between_a_cell_and_the_one_that_started_it(
    shell: InteractiveShell,
    number: signal.Signals,
    error: type[BaseException],
    event: str,
) -> None:
    """A signal at the start of the inner cell ends that, one at its end the outer."""
    shell.user_ns["strike"] = lambda: strike_on_event(shell, event, number)
    result = shell.run_cell(
        "strike()\n"
        "get_ipython().run_cell('for x in range(9): pass')\n"
        "for x in range(9): pass\n"
        "reached = True"
    )
    if event == "pre_run_cell":
        # It ends the inner cell, and IPython goes on with the outer one.
        assert shell.user_ns["reached"]
    else:
        assert type(result.error_in_exec) is error
        assert "reached" not in shell.user_ns
    assert tracker().running is None


def strike_on_event(
    shell: InteractiveShell, event: str, number: signal.Signals
) -> None:
    """Raise a signal in a hook that is ours, the next time that it is called."""
    (ours,) = (
        each
        for each in shell.events.callbacks[event]
        if type(getattr(each, "__self__", None)).__name__ == "CellEvents"
    )
    events = ours.__self__  # type: ignore[attr-defined]
    original = events._stack

    def struck() -> Any:
        if sys._getframe(1).f_code.co_name == f"_{event}":
            del events._stack
            signal.raise_signal(number)
        return original()

    events._stack = struck


def test_ctrl_c_at_the_end_of_a_cell_ends_nothing(
    shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The cell is over, its account is whole, and nothing is printed."""
    handler = signal.getsignal(signal.SIGINT)
    strike_in(monkeypatch, "end_cell", signal.SIGINT)
    assert shell.run_cell("6 * 7").result == 42
    signal.getsignal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is handler
    assert [record.error for record in tracker().cells] == [None]
    assert "KeyboardInterrupt" not in capsys.readouterr().out


def test_no_line_of_a_hook_loses_ctrl_c() -> None:
    """Whichever line of ours a signal arrives at, the cell ends with it."""
    done = subprocess.run(
        [sys.executable, "-c", EACH_LINE],
        capture_output=True,
        text=True,
        check=True,
        env=untraced_environment(),
    )
    assert done.stdout.splitlines()[-1] == "True []"


def test_ctrl_c_before_the_first_instruction_closes_the_account(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IPython then makes a result that knows another info than the cell's hooks."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shell.logger, "log", interrupt)
    shell.run_cell("x = 1")
    assert tracker().running is None
    assert [record.error for record in tracker().cells] == ["KeyboardInterrupt"]


def test_fault_of_a_hook_is_logged(
    shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An exception that no handler raised is no signal, and the cell runs."""

    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(tracker(), "begin_cell", fail)
    with caplog.at_level(logging.ERROR, logger="jupyter_memkit"):
        assert shell.run_cell("6 * 7").result == 42
    assert [record.exc_info is not None for record in caplog.records] == [True]
