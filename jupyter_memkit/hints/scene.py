"""What the rules search, and how much time they have."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import _lru_cache_wrapper, cached_property
from typing import Any

from jupyter_memkit.cells.history import read_history
from jupyter_memkit.measure.deadlines import has_passed, time_left
from jupyter_memkit.measure.hidden import HiddenHolder, find_hidden
from jupyter_memkit.measure.scripts import read_scripts
from jupyter_memkit.measure.shapes import read_shape
from jupyter_memkit.measure.sizes import Size, Sizes
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.track.user_variables import find_program, user_variables

# The shortest useful measurement: enough to visit a few thousand objects.
_LEAST_S = 0.1


class OutOfTimeError(Exception):
    """Ends a rule when its time is up."""


class Scene:
    """What the rules search, and how much time they have.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose variables, outputs and errors are searched.
    deadline_s : float
        When to stop, as `deadline_after` returns it.
    accounts : sequence of CellRecord
        The accounts of recent cells, the latest last.
    measure_sizes : callable
        Measures the sizes of objects, like `jupyter_memkit.sizes`.
    """

    def __init__(
        self,
        shell: Any,
        deadline_s: float,
        accounts: Sequence[CellRecord] = (),
        *,
        measure_sizes: Callable[..., Sizes],
    ) -> None:
        self.shell = shell
        self._measure_sizes = measure_sizes
        self.deadline_s = deadline_s
        self.accounts = accounts
        self.is_cut = False
        """Whether time was up before everything was searched."""
        self.skipped: list[str] = []
        """The variables that were not searched for small views."""
        # A function with a cache is not data; another rule searches its cache. The cure
        # of another name than an identifier would be other code.
        variables = {
            name: value
            for name, value in user_variables(shell).items()
            if type(value) is not _lru_cache_wrapper and name.isidentifier()
        }
        # The apparently largest first, so that they are measured before time is up.
        names = sorted(variables, key=lambda name: -_count_elements(variables[name]))
        self.variables = {name: variables[name] for name in names}
        self.inputs = read_history(shell.user_ns)
        self._program = find_program(shell)
        self._sizes: Sizes | None = None
        self._sizes_replaced: Sizes | None = None

    def measure(
        self,
        values: Mapping[str, Any],
        *,
        exact: bool = False,
        ends: Iterable[Any] = (),
    ) -> Sizes:
        """Measure the sizes of objects in at most half of the remaining time."""
        budget_s = max(_LEAST_S, time_left(self.deadline_s) / 2)
        measured = self._measure_sizes(
            values, budget_s=budget_s, exact=exact, program=[*self._program, *ends]
        )
        # The error is unknown if the measurement was cut short.
        if any(size.error_ratio is None for size in measured.values()):
            self.is_cut = True
        return measured

    @property
    def is_late(self) -> bool:
        """Whether time is up."""
        return has_passed(self.deadline_s)

    def check_time(self, _: object = None) -> None:
        """Raise an error when time is up; techniques call it to report progress."""
        if self.is_late:
            raise OutOfTimeError

    def own_bytes(self, name: str) -> int:
        """Return an estimate of the memory that only this variable keeps."""
        size = self._find_size(name)
        return size.bytes - size.shared_bytes

    def shared_bytes(self, name: str) -> int:
        """Return an estimate of the memory that others keep as well."""
        return self._find_size(name).shared_bytes

    def size_replaced(self, name: str) -> Size | None:
        """Return an estimate of a variable's size for a magic that replaces it.

        The magics make IPython forget outputs that are the variable, but a script that
        it came from keeps it.

        Returns
        -------
        Size or None
            None if there was no time to find what is shared.
        """
        if self._sizes_replaced is None:
            held = {id(value) for value in self.variables.values()}
            others = {
                name: holder.value
                for name, holder in self._hidden.items()
                if holder.kind != "output" or id(holder.value) not in held
            }
            for path, namespace in read_scripts(self.shell).items():
                kept = [each for each in list(namespace.values()) if id(each) in held]
                others[f"the variables of {path}"] = kept
            self._sizes_replaced = self.measure(self.variables | others)
        size = self._sizes_replaced[name]
        return None if size.error_ratio is None else size

    @cached_property
    def _hidden(self) -> dict[str, HiddenHolder]:
        return {each.name: each for each in find_hidden(self.shell)}

    def _find_size(self, name: str) -> Size:
        if self._sizes is None:
            hidden = {name: holder.value for name, holder in self._hidden.items()}
            self._sizes = self.measure(self.variables | hidden)
        return self._sizes[name]


def _count_elements(value: Any) -> int:
    """Return how many elements a value has according to its shape."""
    return math.prod(read_shape(value) or (1,))
