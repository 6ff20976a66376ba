"""The memory of each process of a kernel, with shared memory counted once.

The proportional set size (PSS) of a process divides every shared page among the
processes that share it, so that the sizes of all add up to the memory that they occupy.
The system has to walk through all pages for it, which takes 12 milliseconds per GiB, so
it is read only on request, and not if that would take too long.
"""

from __future__ import annotations

import dataclasses
import os

from jupyter_memkit.measure.deadlines import deadline_after, time_left
from jupyter_memkit.measure.descendants import find_descendants
from jupyter_memkit.measure.proc_files import read_proc_file, read_size
from jupyter_memkit.records import Record

# Twice the time on an idle machine.
_PSS_S_PER_BYTE = 25e-6 / 1024**2
_COMMAND_LENGTH = 200


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProcessMemory(Record):
    """The memory of one process.

    Attributes
    ----------
    pid : int
        Its process id.
    command : str
        Its command line, truncated to 200 characters.
    rss_bytes : int
        Resident memory, including all shared memory.
    pss_bytes : int or None
        Resident memory with its share of shared memory; None if the system does not
        report it, or reading it would have taken too long.
    swap_bytes : int or None
        Its memory in swap; None if the system does not report it.
    """

    pid: int
    command: str
    rss_bytes: int
    pss_bytes: int | None
    swap_bytes: int | None


def processes(*, budget_s: float = 1.0) -> list[ProcessMemory]:
    """Return the memory of this process and of its descendants.

    Parameters
    ----------
    budget_s : float
        The time limit for reading the proportional sizes, in seconds. Small processes
        are read first; those that do not fit into the time have none.

    Returns
    -------
    list of ProcessMemory
        This process, then its descendants by process id.

    Examples
    --------
    >>> processes()[0].pid == os.getpid()
    True
    """
    mine = os.getpid()
    found = [_read(pid) for pid in (mine, *sorted(find_descendants(mine)))]
    alive = [process for process in found if process is not None]
    deadline_s = deadline_after(budget_s)
    pss_bytes = {
        process.pid: _read_pss_bytes(process, time_left(deadline_s))
        for process in sorted(alive, key=lambda process: process.rss_bytes)
    }
    return [
        dataclasses.replace(process, pss_bytes=pss_bytes[process.pid])
        for process in alive
    ]


def _read(pid: int) -> ProcessMemory | None:
    """Return everything but the proportional size; None if the process has ended."""
    import psutil  # noqa: PLC0415 - on request only

    try:
        process = psutil.Process(pid)
        return ProcessMemory(
            pid=pid,
            command=" ".join(process.cmdline())[:_COMMAND_LENGTH] or process.name(),
            rss_bytes=process.memory_info().rss,
            pss_bytes=None,
            swap_bytes=_read_field(f"/proc/{pid}/status", b"VmSwap:"),
        )
    except psutil.Error:
        return None


def _read_pss_bytes(process: ProcessMemory, left_s: float) -> int | None:
    if process.rss_bytes * _PSS_S_PER_BYTE > left_s:
        return None
    return _read_field(f"/proc/{process.pid}/smaps_rollup", b"\nPss:")


def _read_field(path: str, field: bytes) -> int | None:
    try:
        return read_size(read_proc_file(path), field)
    except (OSError, ValueError):
        return None
