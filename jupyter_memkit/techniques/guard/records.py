"""What a guard reports: its status, and what filled the memory when it acted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jupyter_memkit.measure.sizes.records import Accuracy
from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardStatus(Record):
    """The status of the guard.

    Attributes
    ----------
    mark : str or None
        The mark as it was given; None if no guard is armed.
    action : str or None
        What happens at the mark: "stop" or "warn".
    mark_bytes : int or None
        The mark for this process and its children now. It moves if the mark is a share
        of a limit, against which other processes count too.
    used_bytes : int or None
        The memory of this process and its children, without pages of mapped files,
        which the system takes back when it needs them.
    belts : tuple of str
        What enforces the mark.
    stops : int
        How many cells were stopped since the guard was armed.
    obstacle : str or None
        Why a mark that a setting asks for is not in force.
    """

    mark: str | None
    action: str | None = None
    mark_bytes: int | None = None
    used_bytes: int | None = None
    belts: tuple[str, ...] = ()
    stops: int = 0
    obstacle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrownVariable(Record):
    """A large variable at the moment of a stop.

    Attributes
    ----------
    name : str
        The variable.
    bytes : int
        Its memory.
    grown_bytes : int or None
        What it has grown by in this cell; None if it was changed in place, and by how
        much is unknown.
    accuracy : {"exact", "estimate", "at least"}
        The accuracy of both.
    """

    name: str
    bytes: int
    grown_bytes: int | None
    accuracy: Accuracy = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cure(Record):
    """A line that lets the cell run when it is tried again.

    Attributes
    ----------
    kind : str
        The kind of hint, or "delete", "end_program", "raise_mark", "chunked" or
        "isolated".
    code : str
        The line.
    use : {"run", "prefix", "edit"}
        Whether to run the line in a separate cell before the cell is tried again, to
        put it above the cell, or to change the code accordingly.
    saves_bytes : int or None
        What it frees, or keeps out of the kernel; None if unknown.
    why : str
        What was found.
    accuracy : {"exact", "estimate", "at least", "at most"}
        The accuracy of what it frees.
    """

    kind: str
    code: str
    use: Literal["run", "prefix", "edit"]
    saves_bytes: int | None
    why: str
    accuracy: Accuracy | Literal["at most"] = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftProgram(Record):
    """A program that a stopped cell has started, and that is still running.

    Attributes
    ----------
    pid : int
        Its process id.
    command : str
        Its command line.
    bytes : int
        Its memory, with its share of shared memory.
    """

    pid: int
    command: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardStop(Record):
    """What filled the memory when a guard stopped the running code.

    The last four attributes are filled in once the cell has failed; they are empty in
    an error that the cell catches.

    Attributes
    ----------
    message : str
        What happened, in one sentence.
    used_bytes : int
        The memory of the process and its children when the signal was sent, or, if an
        allocation failed, the most that was read while the code was running.
    mark_bytes : int
        The mark at that moment.
    mark : str
        The mark as it was given.
    belt : {"allocation", "watcher"}
        Whether an allocation failed at the data limit, or the watcher sent a signal.
    line : str or None
        The line of the notebook that was running.
    grown_bytes : int
        How much that is above the memory at its start.
    execution_count : int or None
        The number of the cell.
    variables : tuple of GrownVariable
        The largest variables, largest first.
    programs : tuple of LeftProgram
        The programs that the cell has started and that the stop has not ended, largest
        first.
    cures : tuple of Cure
        What helps, the most effective first.
    """

    message: str
    used_bytes: int
    mark_bytes: int
    mark: str
    belt: Literal["allocation", "watcher"]
    line: str | None = None
    grown_bytes: int = 0
    execution_count: int | None = None
    variables: tuple[GrownVariable, ...] = ()
    programs: tuple[LeftProgram, ...] = ()
    cures: tuple[Cure, ...] = ()
