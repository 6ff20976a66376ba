"""The process of one cell of ``%%isolated``, or of several."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from jupyter_memkit.magics.isolated_rows import make_rows
from jupyter_memkit.techniques.isolated.records import IsolatedResult
from jupyter_memkit.techniques.isolated.state.rows import ROWS
from jupyter_memkit.techniques.isolated.state.state import SentState
from jupyter_memkit.techniques.processes.process import ChildProcess

# In the child alone: the module takes a while to import.
_HOOKS = "jupyter_memkit.magics.isolated_shell:make_hooks"


class Session:
    """A process with what the cells before have left in it.

    A variable that the process has is its own from then on, and changes there alone.
    Functions and classes are sent each time, for their code may be another by now.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The user's.
    """

    def __init__(self, shell: Any) -> None:
        self.state = SentState((*ROWS, *make_rows(shell)))
        self.process = ChildProcess(_HOOKS)
        self.n_cells = 0
        self.peak_bytes = 0
        self._sent: set[str] = set()
        self._own: set[str] = set()

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that are there."""
        return tuple(sorted(self._sent | self._own))

    def lacks(self, name: str, value: Any) -> bool:
        """Return whether a variable is to be sent."""
        if name in self._own:
            return False
        return name not in self._sent or isinstance(value, (FunctionType, type))

    def note(self, result: IsolatedResult) -> None:
        """Take the account of a cell."""
        self.n_cells += 1
        self.peak_bytes = max(self.peak_bytes, result.peak_bytes)
        self._sent.update(result.inputs)
        self._own.update(result.outputs, result.kept)
        self.state.leave(result.state)
