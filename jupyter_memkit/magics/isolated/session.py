"""The process of one or several cells of ``%%isolated``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import FunctionType
from typing import Any

from jupyter_memkit.magics.isolated.rows import make_rows
from jupyter_memkit.paths import working_folder
from jupyter_memkit.techniques.isolated.marks import Marks
from jupyter_memkit.techniques.isolated.records import Traces
from jupyter_memkit.techniques.isolated.state.rows import ROWS
from jupyter_memkit.techniques.isolated.state.state import SentState
from jupyter_memkit.techniques.processes.calling import Outcome
from jupyter_memkit.techniques.processes.process import ChildProcess
from jupyter_memkit.techniques.processes.wrapped import is_cached

# Only in the child, because the module takes a while to import.
_HOOKS = "jupyter_memkit.magics.isolated.shell:make_hooks"


class Session:
    """A process with the variables that earlier cells left in it.

    A variable that was sent belongs to the process from then on. Functions and classes
    are sent each time, because their code may have changed.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The user's shell.

    Raises
    ------
    MemkitError
        If the working directory no longer exists.
    """

    def __init__(self, shell: Any) -> None:
        # IPython cannot start without one.
        working_folder()
        self.state = SentState((*ROWS, *make_rows(shell)))
        self.process = ChildProcess(_HOOKS)
        self.n_cells = 0
        self.peak_bytes = 0
        self._sent: set[str] = set()
        self._own: set[str] = set()

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of the process."""
        return tuple(sorted(self._sent | self._own))

    def lacks(self, name: str, value: Any) -> bool:
        """Return whether a variable needs to be sent."""
        if name in self._own:
            return False
        if name not in self._sent or issubclass(type(value), type):
            return True
        return type(value) is FunctionType or is_cached(value)

    def find_divided(
        self, inputs: Mapping[str, Any], namespace: Mapping[str, Any]
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the variables that share with others here, but will not there.

        Parameters
        ----------
        inputs : mapping of str to object
            The variables that are to be sent.
        namespace : mapping
            The user's variables.

        Returns
        -------
        tuple of (str, tuple of str)
            The variables, and those with which they share objects or memory and that
            the process has from earlier cells.
        """
        there = {
            name: namespace[name]
            for name in self._sent - self._own - inputs.keys()
            if name in namespace
        }
        if not there or not inputs:
            return ()
        marks = Marks(there)
        found = {name: marks.find(value) for name, value in inputs.items()}
        return tuple((name, others) for name, others in found.items() if others)

    def note(self, inputs: Iterable[str], outcome: Outcome) -> None:
        """Record a cell, whether it failed or not.

        Parameters
        ----------
        inputs : iterable of str
            The variables that were sent.
        outcome : Outcome
            The outcome of its call.
        """
        traces: Traces = outcome.from_hooks
        self.n_cells += 1
        self.peak_bytes = max(self.peak_bytes, outcome.peak_bytes)
        self._sent.update(inputs)
        self._own.update(traces.variables)
        self.state.leave(traces.state)
