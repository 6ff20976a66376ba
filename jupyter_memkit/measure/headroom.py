"""How much memory counts against a limit, without what the system can take back.

A cgroup counts all its processes and their page cache; the kernel kills when nothing
more can be reclaimed, so the file pages on its lists do not count here. For the machine
the system reports what is available without swapping. A resource limit counts what a
process has reserved, touched or not (kernel documentation,
admin-guide/cgroup-v1/memory, admin-guide/cgroup-v2 and filesystems/proc; setrlimit(2)).

This module is also used by a process that must stay small: it imports almost nothing.
"""

from __future__ import annotations

import sys

from jupyter_memkit.measure.proc_files import read_proc_file, read_size

# The use of a cgroup, and the lists of file pages in its statistics, by version.
_CGROUP_VERSIONS = (
    ("memory.current", b"inactive_file ", b"active_file "),
    ("memory.usage_in_bytes", b"total_inactive_file ", b"total_active_file "),
)


def read_use(counter: str, family_bytes: int) -> int:
    """Return the memory that counts against a limit, in bytes.

    Parameters
    ----------
    counter : str
        What counts it, from `MemoryLimit.counter`.
    family_bytes : int
        The memory of the process and its children, which is all that counts if the
        counter is ``"family"``.

    Raises
    ------
    OSError, ValueError
        If the system does not report it.

    Examples
    --------
    >>> read_use("family", 1024)
    1024
    """
    if counter == "family":
        return family_bytes
    kind, _, path = counter.partition(":")
    if kind == "cgroup":
        return _read_cgroup_use(path)
    if kind != "machine":
        return read_size(read_proc_file(path), f"{kind}:".encode())
    return _read_machine_use()


def _read_machine_use() -> int:
    if sys.platform != "linux":
        import psutil  # noqa: PLC0415 - on Linux it is not needed

        machine = psutil.virtual_memory()
        return int(machine.total - machine.available)
    memory = read_proc_file("/proc/meminfo")
    available_bytes = read_size(memory, b"MemAvailable:")
    return read_size(memory, b"MemTotal:") - available_bytes


def _read_cgroup_use(folder: str) -> int:
    for file_name, *lists in _CGROUP_VERSIONS:
        try:
            use_bytes = int(read_proc_file(f"{folder}/{file_name}"))
        except FileNotFoundError:
            continue
        statistics = b"\n" + read_proc_file(f"{folder}/memory.stat")
        for name in lists:
            use_bytes -= _read_number(statistics, b"\n" + name)
        return max(0, use_bytes)
    message = f"{folder} does not report its use"
    raise ValueError(message)


def _read_number(statistics: bytes, name: bytes) -> int:
    """Return a figure of ``memory.stat``; 0 if there is none."""
    start = statistics.find(name)
    if start < 0:
        return 0
    start += len(name)
    return int(statistics[start : statistics.index(b"\n", start)])
