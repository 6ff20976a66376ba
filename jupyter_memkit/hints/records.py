"""The records that a search for hints returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.hidden import HolderKind
from jupyter_memkit.records import Record

HintKind = (
    HolderKind
    | Literal[
        "collector",
        "copies",
        "dtype",
        "duplicate",
        "fragments",
        "garbage",
        "gc_frozen",
        "gc_paused",
        "graph",
        "loading",
        "numbers",
        "tracing",
        "view",
        "workers",
    ]
)

Accuracy = Literal["exact", "estimate", "at most"]

BUDGET_S = 2.0
"""How long a search for memory that is no longer used takes at most by default."""

# The kinds about data that could be smaller, and cells that could be faster.
_SAVINGS = frozenset({"collector", "dtype", "fragments", "loading", "numbers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint(Record):
    """Something that takes memory or time needlessly, and its cure.

    Attributes
    ----------
    kind : str
        The rule that found it.
    name : str
        What it is about: a variable, several separated by commas, a holder or a cell.
    found : str
        What was found, in one phrase.
    bytes : int or None
        How much memory the cure would free; None if that cannot be measured, or if the
        cure saves time.
    accuracy : {"exact", "estimate", "at most"}
        How accurate `bytes` is.
    saved_s : float or None
        About how much time the cure would save, in seconds; None if it saves memory.
    cure : str
        The line to run in a cell.
    """

    kind: HintKind
    name: str
    found: str
    bytes: int | None = None
    accuracy: Accuracy = "exact"
    saved_s: float | None = None
    cure: str
    _call: Callable[[], object] | None = field(default=None, compare=False)

    @property
    def is_runnable(self) -> bool:
        """Whether `apply` works: the cure is not for a cell to run again."""
        return self._call is not None

    def apply(self) -> object:
        """Do what the line in `cure` does.

        Returns
        -------
        object
            The technique's record; None for a plain statement.

        Raises
        ------
        MemkitError
            If the cure is for a cell, which only the user can run again.
        """
        if self._call is None:
            message = (
                f"this remedy cannot be applied automatically; edit {self.name} to use "
                f"{self.cure} and run it again"
            )
            raise MemkitError(message)
        return self._call()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused(Record):
    """A variable that no recent cell has named; it may still be needed.

    Attributes
    ----------
    name : str
        The variable.
    bytes : int
        The memory that only it holds.
    used_in : int
        The number of the last cell that named it.
    """

    name: str
    bytes: int
    used_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints(Record):
    """The hints that were found: the largest first, then those that save time.

    Attributes
    ----------
    hints : tuple of Hint
        At most one on the memory of each variable, holder or cell, and one on its time.
    unused : tuple of Unused
        Variables that were not used recently, which is not a leak.
    skipped : tuple of str
        Variables that were not searched for small views of large arrays, because they
        refer to too many objects.
    complete : bool
        Whether the search finished before its time was up.
    budget_s : float
        The time that it had.
    """

    hints: tuple[Hint, ...]
    unused: tuple[Unused, ...] = ()
    skipped: tuple[str, ...] = ()
    complete: bool = True
    budget_s: float = BUDGET_S

    @property
    def leaks(self) -> tuple[Hint, ...]:
        """The hints about memory that is no longer used."""
        return tuple(hint for hint in self.hints if hint.kind not in _SAVINGS)
