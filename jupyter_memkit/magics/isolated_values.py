"""What goes between the kernel and the shell of an isolated process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from jupyter_memkit.techniques.processes.pickling import find_hindrance

# Kinds of output, besides the standard streams.
DISPLAY = "display"
RESULT = "result"
CLEAR = "clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCodes:
    """A cell as it is sent.

    Attributes
    ----------
    codes : list of code
        Its statements, compiled.
    filename, lines : str, list of str
        What tracebacks show of it.
    outputs : tuple of str
        The variables to be brought back; when there are none, the value of the last
        expression.
    in_loop : bool
        Whether an event loop runs around it.
    """

    codes: list[CodeType]
    filename: str
    lines: list[str]
    outputs: tuple[str, ...]
    in_loop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CellValues:
    """What a cell has made.

    Attributes
    ----------
    outputs : dict of str to object
        The variables to be brought back.
    value : object
        The value of its last expression.
    kept : tuple of str
        The variables that it has set besides.
    missing : str
        A variable that was to be brought back and is not there, and the remedy.
    imported : tuple of str
        What it has imported.
    changed : tuple of str
        The variables that it was sent, has changed, and that are not brought back.
    replaced : tuple of str
        Those to be brought back that the cell has changed before it set them anew.
    deleted : tuple of str
        Those that it was sent and has deleted.
    same : tuple of str
        Those to be brought back that are the very objects that were sent.
    shares : dict of str to tuple of str
        With which of the variables that were there before one that is brought back
        shares objects or memory.
    unbound : tuple of str
        What functions that are brought back read, and is not.
    tasks : tuple of str
        The tasks that the cell has started, and that have not ended.
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
        """The classes to be brought back; others are the kernel's own."""
        return tuple(each for each in self.outputs.values() if isinstance(each, type))

    def describe_hindrance(self) -> str:
        """Return which of the variables cannot be brought back, and why."""
        for name, value in self.outputs.items():
            problem = find_hindrance(value, brings=False)
            if problem is not None:
                return f"{name}: {problem}"
        return ""
