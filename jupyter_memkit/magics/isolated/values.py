"""The messages between the kernel and the shell of an isolated process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from jupyter_memkit.techniques.processes.pickling import find_hindrance

# Kinds of output other than the standard streams.
DISPLAY = "display"
RESULT = "result"
CLEAR = "clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCodes:
    """A cell, as sent to the process.

    Attributes
    ----------
    codes : list of code
        Its compiled statements.
    filename, lines : str, list of str
        Its name and source in tracebacks.
    sources : dict of str to list of str
        The sources of the cells that define the functions it can call, by their names.
    outputs : tuple of str
        The variables to return; if there are none, the value of the last expression is
        returned.
    in_loop : bool
        Whether it runs in an event loop.
    execution_count : int
        Its number in the kernel.
    """

    codes: list[CodeType]
    filename: str
    lines: list[str]
    sources: dict[str, list[str]]
    outputs: tuple[str, ...]
    in_loop: bool
    execution_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellValues:
    """The results of a cell.

    Attributes
    ----------
    outputs : dict of str to object
        The variables to return.
    value : object
        The value of its last expression.
    kept : tuple of str
        The other variables that it set.
    missing : str
        A variable to return that does not exist, and the remedy.
    imported : tuple of str
        The modules that it imported.
    changed : tuple of str
        The variables that were sent and modified, but are not returned.
    replaced : tuple of str
        The variables to return that the cell modified before it replaced them.
    deleted : tuple of str
        The variables that were sent and deleted.
    same : tuple of str
        The variables to return that are still the objects that were sent.
    shares : dict of str to tuple of str
        For each returned variable, the earlier variables with which it shares objects
        or memory.
    unbound : tuple of str
        The variables that returned functions read but that are not returned.
    tasks : tuple of str
        The tasks that the cell started and that are still running.
    """

    outputs: dict[str, Any]
    value: Any
    kept: tuple[str, ...]
    missing: str = ""
    imported: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    shares: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unbound: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[type, ...]:
        """The classes to return; others are the kernel's own."""
        return tuple(each for each in self.outputs.values() if isinstance(each, type))

    def describe_hindrance(self) -> str:
        """Describe the first variable that cannot be returned, and why."""
        for name, value in self.outputs.items():
            problem = find_hindrance(value, brings=False)
            if problem is not None:
                return f"{name}: {problem}"
        return ""
