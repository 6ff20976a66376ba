"""Finds the descendants of a process: its children, their children, and so on.

Linux lists the children of each thread if it was built with this option
(``/proc/<pid>/task/<tid>/children``, proc(5)); otherwise the parent of every process of
the machine is read. Other systems are read through psutil.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping

from jupyter_memkit.measure.proc_files import read_proc_file


def find_descendants(pid: int, proc: str = "/proc") -> list[int]:
    """Return the ids of all descendants of a process, parents before children.

    Parameters
    ----------
    pid : int
        The process.
    proc : str
        The mount point of the proc file system, or a fake one in tests.

    Returns
    -------
    list of int
        The processes that were alive during the search.

    Examples
    --------
    >>> find_descendants(os.getpid())
    []
    """
    if sys.platform != "linux":
        return _find_by_psutil(pid)
    if os.path.exists(f"{proc}/{pid}/task/{pid}/children"):  # noqa: PTH110 - fast
        return list(_find_by_threads(pid, proc))
    return list(_find_by_parents(pid, proc))


def _find_by_threads(pid: int, proc: str) -> Iterator[int]:
    try:
        threads = os.listdir(f"{proc}/{pid}/task")  # noqa: PTH208 - as above
        files = [f"{proc}/{pid}/task/{thread}/children" for thread in threads]
        children = [int(child) for file in files for child in _read(file).split()]
    except OSError:
        # It has ended in the meantime.
        return
    for child in children:
        yield child
        yield from _find_by_threads(child, proc)


def _find_by_parents(pid: int, proc: str) -> Iterator[int]:
    yield from find_below(pid, read_children(proc))


def find_below(pid: int, children: Mapping[int, list[int]]) -> list[int]:
    """Return all descendants of a process, parents before children.

    Parameters
    ----------
    pid : int
        The process.
    children : mapping of int to list of int
        The children of each process that has any, from `read_children`.

    Examples
    --------
    >>> find_below(1, {1: [2, 3], 2: [4]})
    [2, 3, 4]
    """
    below = [pid]
    # The list grows during the iteration.
    for parent in below:
        below += children.get(parent, [])
    return below[1:]


def read_children(proc: str = "/proc") -> dict[int, list[int]]:
    """Return the children of each process of the machine that has any.

    Parameters
    ----------
    proc : str
        As in `find_descendants`.
    """
    if sys.platform != "linux":
        return _read_children_by_psutil()
    children: dict[int, list[int]] = defaultdict(list)
    for name in os.listdir(proc):  # noqa: PTH208 - as above
        if name.isdigit():
            # "<pid> (<name>) <state> <parent> ...", with any characters in the name.
            columns = _read(f"{proc}/{name}/stat").rpartition(b") ")[2].split(b" ", 2)
            if len(columns) > 1:
                children[int(columns[1])].append(int(name))
    return children


def _read_children_by_psutil() -> dict[int, list[int]]:
    import psutil  # noqa: PLC0415 - on Linux it is not needed

    children: dict[int, list[int]] = defaultdict(list)
    for process in psutil.process_iter(["ppid"]):
        children[process.info["ppid"]].append(process.pid)
    return children


def _find_by_psutil(pid: int) -> list[int]:
    import psutil  # noqa: PLC0415 - on Linux it is not needed

    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        # A process ended while the list was built; the next search has a new list.
        return []


def _read(path: str) -> bytes:
    """Read a file of a process; empty if the process has ended."""
    try:
        return read_proc_file(path)
    except OSError:
        return b""
