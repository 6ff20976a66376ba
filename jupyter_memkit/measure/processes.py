"""The processes of a kernel one by one, with what they share counted once.

The proportional set size (PSS) of a process has of every page that several processes
share only its part, so that the sizes of all add up to what they really occupy. The
system has to walk through all pages for it, 12 milliseconds for a GiB, so it is read on
request only, and not where that would take too long.
"""

from __future__ import annotations

import dataclasses
import os
import time

from jupyter_memkit.measure.descendants import find_descendants
from jupyter_memkit.measure.proc_files import read_proc_file, read_size
from jupyter_memkit.records import Record

# Twice what it took on a machine that had nothing else to do.
_PSS_S_PER_BYTE = 25e-6 / 1024**2
_COMMAND_LENGTH = 200


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProcessMemory(Record):
    """The memory of one process.

    Attributes
    ----------
    pid : int
        Its number.
    command : str
        The command that it runs, cut after 200 characters.
    rss_bytes : int
        Resident memory, with all that it shares.
    pss_bytes : int or None
        Resident memory with its part of what it shares; None where the system does
        not tell, and when reading it would have taken too long.
    swap_bytes : int or None
        Its memory in swap; None where the system does not tell.
    """

    pid: int
    command: str
    rss_bytes: int
    pss_bytes: int | None
    swap_bytes: int | None


def processes(*, budget_s: float = 1.0) -> list[ProcessMemory]:
    """Return the memory of this process and of its children, theirs included.

    Parameters
    ----------
    budget_s : float
        How long the proportional sizes may take together, in seconds. Small processes
        come first, and those for which the time is too short have none.

    Returns
    -------
    list of ProcessMemory
        This process, then the children by their numbers.

    Examples
    --------
    >>> processes()[0].pid == os.getpid()
    True
    """
    mine = os.getpid()
    found = [_read(pid) for pid in (mine, *sorted(find_descendants(mine)))]
    alive = [process for process in found if process is not None]
    deadline_s = time.perf_counter() + budget_s
    pss_bytes = {
        process.pid: _read_pss_bytes(process, deadline_s - time.perf_counter())
        for process in sorted(alive, key=lambda process: process.rss_bytes)
    }
    return [
        dataclasses.replace(process, pss_bytes=pss_bytes[process.pid])
        for process in alive
    ]


def _read(pid: int) -> ProcessMemory | None:
    """Return all but the proportional size; None when it has ended."""
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
