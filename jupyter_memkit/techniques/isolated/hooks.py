"""The state of the caller before a call in a child, and the traces after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jupyter_memkit.techniques.isolated.records import Traces
from jupyter_memkit.techniques.isolated.state.left import Running
from jupyter_memkit.techniques.isolated.state.loggers import take_lost
from jupyter_memkit.techniques.isolated.state.modules import take_changed_files
from jupyter_memkit.techniques.isolated.state.row import Row
from jupyter_memkit.techniques.isolated.state.rows import ROWS
from jupyter_memkit.techniques.isolated.state.state import HereState
from jupyter_memkit.techniques.processes.hooks import Hooks

# As `ChildProcess` takes it.
HOOKS = f"{__name__}:make_hooks"


class StateHooks(Hooks):
    """Takes the state of the caller, and reports what the call leaves.

    Parameters
    ----------
    rows : sequence of Row
        The parts of the state, besides those of every process.
    """

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self._state = HereState((*ROWS, *rows))
        self._running: Running

    def before_load(self, sent: dict[str, bytes]) -> None:
        """Take what `SentState.take_changes` returned."""
        self._state.take(sent)

    def before_call(self) -> None:
        """Remember the state, and what runs."""
        self._state.begin()
        self._running = Running()

    def after_call(self) -> Traces:
        """Return what is different now."""
        return Traces(
            state=self._state.find_changed(),
            untaken=(*self._state.describe_problems(), *take_changed_files()),
            running=self._running.find_new(),
            unlogged=take_lost(),
        )


def make_hooks(_output: Any) -> StateHooks:
    """Return the hooks of a child that runs isolated calls."""
    return StateHooks()
