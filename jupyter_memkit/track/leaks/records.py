"""What a search for leaks reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jupyter_memkit.measure.hidden import HolderKind
from jupyter_memkit.records import Record

LeakKind = (
    HolderKind
    | Literal[
        "duplicate", "garbage", "gc_paused", "graph", "tracing", "view", "workers"
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak(Record):
    """Something that holds memory without need.

    Attributes
    ----------
    kind : str
        Which of the known kinds it is.
    name : str
        What holds: a variable, or what a hidden holder is called.
    bytes : int or None
        What would come back: what neither a variable nor another holder keeps. None
        where it cannot be measured.
    exact : bool
        Whether all of that was compared; otherwise `bytes` is the most that it can be.
    note : str
        What it is, in a few words.
    cure : str
        The line that gives it back.
    """

    kind: LeakKind
    name: str
    bytes: int | None
    exact: bool = True
    note: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused(Record):
    """A variable that no cell has named lately; it may be needed all the same.

    Attributes
    ----------
    name : str
        The variable.
    bytes : int
        What only it holds.
    used_in : int
        The number of the last cell that named it.
    """

    name: str
    bytes: int
    used_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaks(Record):
    """What was found, the largest first.

    Attributes
    ----------
    leaks : tuple of Leak
        One for each holder.
    unused : tuple of Unused
        Variables that were not used lately, which is no leak.
    complete : bool
        Whether all was looked at, or time was up before.
    """

    leaks: tuple[Leak, ...]
    unused: tuple[Unused, ...] = ()
    complete: bool
