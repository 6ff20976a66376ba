"""Hooks that take over the caller's state, and report what a call leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jupyter_memkit.techniques.isolated.records import Traces
from jupyter_memkit.techniques.isolated.state.left import Running
from jupyter_memkit.techniques.isolated.state.loggers import take_lost
from jupyter_memkit.techniques.isolated.state.modules import take_unsent
from jupyter_memkit.techniques.isolated.state.row import Row
from jupyter_memkit.techniques.isolated.state.rows import ROWS
from jupyter_memkit.techniques.isolated.state.state import HereState
from jupyter_memkit.techniques.processes.hooks import Hooks
from jupyter_memkit.techniques.processes.wrapped import take_emptied

# The form that `ChildProcess` expects.
HOOKS = f"{__name__}:make_hooks"


class StateHooks(Hooks):
    """Takes over the state of the caller, and reports what the call leaves behind.

    Parameters
    ----------
    rows : sequence of Row
        Additional parts of the state.
    """

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self._state = HereState((*ROWS, *rows))
        self._running: Running

    def before_load(self, sent: dict[str, bytes]) -> None:
        """Take over the result of `SentState.take_changes`."""
        self._state.take(sent)

    def before_call(self) -> None:
        """Remember the state, and the running threads and processes."""
        self._state.begin()
        self._running = Running()

    def after_call(self) -> Traces:
        """Return the differences to the state before the call."""
        return Traces(
            state=self._state.find_changed(),
            untaken=(
                *self._state.describe_problems(),
                *take_unsent(),
                *take_emptied(),
            ),
            running=self._running.find_new(),
            unlogged=take_lost(),
        )


def make_hooks(_output: Any) -> StateHooks:
    """Return the hooks of a child that runs isolated calls."""
    return StateHooks()
