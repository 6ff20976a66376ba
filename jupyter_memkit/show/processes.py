"""Reports the kernel's process and each of its children."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_memkit.measure.processes import ProcessMemory
from jupyter_memkit.records import Record
from jupyter_memkit.show.report import Report
from jupyter_memkit.units import format_bytes

_COMMAND_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Processes(Record):
    """The kernel's process and its children.

    Attributes
    ----------
    processes : tuple of ProcessMemory
        The kernel first.
    """

    processes: tuple[ProcessMemory, ...]

    @property
    def together_bytes(self) -> int | None:
        """Their memory together; None if a proportional size is missing."""
        sizes = [process.pss_bytes for process in self.processes]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None


def build_report(shown: Processes) -> Report:
    """Build the report of the processes."""
    count = len(shown.processes) - 1
    noun = "child process" if count == 1 else "child processes"
    title = f"the kernel and {count} {noun}"
    if shown.together_bytes is not None:
        title += f": {format_bytes(shown.together_bytes)} together"
    return Report(
        title=title,
        rows=tuple(_build_row(process) for process in shown.processes),
        notes=(_build_note(shown),),
    )


def _build_row(process: ProcessMemory) -> tuple[str, str]:
    parts = [f"{format_bytes(process.rss_bytes)} resident"]
    if process.pss_bytes is not None:
        pss = format_bytes(process.pss_bytes)
        parts.append(f"{pss} with its share of shared memory (PSS)")
    if process.swap_bytes:
        parts.append(f"{format_bytes(process.swap_bytes)} in swap")
    command = process.command
    if len(command) > _COMMAND_LENGTH:
        command = command[: _COMMAND_LENGTH - 1] + "…"
    return str(process.pid), f"{', '.join(parts)}: {command}"


def _build_note(shown: Processes) -> str:
    if shown.together_bytes is not None:
        return "The total counts shared memory once."
    return (
        "Each resident size includes shared memory in full, so they can add up to "
        "more than the machine has."
    )
