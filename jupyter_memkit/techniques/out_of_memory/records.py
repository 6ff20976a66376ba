"""What is known of code that has run out of memory."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_memkit.records import Record
from jupyter_memkit.techniques.guard.records import Cure, GrownVariable


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfMemory(Record):
    """What was asked for when memory ran out, and what would help.

    Attributes
    ----------
    library : str or None
        The import name of the library that asked; None for Python itself.
    device : str or None
        The device, such as ``"cuda:0"``, or ``"gpu"`` if its number is unknown; None
        for main memory.
    asked_bytes : int or None
        What was asked for; None if the error does not say.
    unusable_bytes : int or None
        What torch held free on the device in pieces that could not be used; None in
        main memory, and for other libraries.
    returned_bytes : int
        What was freed when the variables of the failed calls were dropped.
    free_bytes : int or None
        What is free now; None if unknown.
    line : str or None
        The line of the notebook that was running.
    execution_count : int or None
        The number of the cell.
    variables : tuple of GrownVariable
        The largest variables there, largest first.
    cures : tuple of Cure
        What helps.
    """

    library: str | None
    device: str | None
    asked_bytes: int | None
    unusable_bytes: int | None
    returned_bytes: int
    free_bytes: int | None
    line: str | None = None
    execution_count: int | None = None
    variables: tuple[GrownVariable, ...] = ()
    cures: tuple[Cure, ...] = ()
