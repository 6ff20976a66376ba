"""Whether the system has killed processes because it ran out of memory.

A cgroup counts the processes that were killed in it, for its own limit, that of an
ancestor or of the machine: version 2 in ``memory.events``, version 1 in
``memory.oom_control``. The kernel's log names each one, where it may be
read (kernel documentation, admin-guide/cgroup-v2 and dev-kmsg).
"""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_memkit.measure.limits import find_cgroups

_COUNTERS = ("memory.events", "memory.oom_control")
_LOG = "/dev/kmsg"
_LINE_BYTES = 8192


def find_oom_counter() -> str:
    """Return the file that counts the kills in this process's cgroup; empty if none."""
    for folder, _ in find_cgroups():
        for name in _COUNTERS:
            if read_oom_kills(str(folder / name)) is not None:
                return str(folder / name)
    return ""


def read_oom_kills(counter: str) -> int | None:
    """Return how many processes of a cgroup were killed; None if unknown.

    Parameters
    ----------
    counter : str
        The file, from `find_oom_counter`.

    Examples
    --------
    >>> read_oom_kills("") is None
    True
    """
    try:
        lines = Path(counter).read_text().splitlines()
    except OSError:
        return None
    kills = [line.split()[1] for line in lines if line.startswith("oom_kill ")]
    return int(kills[0]) if kills else None


def is_in_log(pid: int, log: str = _LOG) -> bool:
    """Return whether the kernel's log says that a process was killed for memory.

    Parameters
    ----------
    pid : int
        The process.
    log : str
        The log, or a fake one in tests.
    """
    try:
        descriptor = os.open(log, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    wanted = f"Killed process {pid} ".encode()
    try:
        while line := os.read(descriptor, _LINE_BYTES):
            if wanted in line:
                return True
    except OSError:
        # The end of the log.
        pass
    finally:
        os.close(descriptor)
    return False
