"""The memory of a process and its children that the system cannot take back.

Pages of mapped files do not count, because the system drops or writes them when it
needs the memory. Shared memory counts once, however many of the processes map it. A
forked child counts without what its parent held when the child was first seen, so a
child that rewrites inherited memory counts too little.

The watcher must stay small, so this module imports almost nothing.
"""

from __future__ import annotations

import sys
import time

from jupyter_memkit.measure.descendants import find_descendants
from jupyter_memkit.measure.proc_files import (
    is_fork,
    read_proc_file,
    read_size,
    read_starts,
)

# Searching for children may take this share of the time.
_SEARCH_SHARE = 1 / 800


class Memory:
    """A reading of one process, in bytes.

    Attributes
    ----------
    private_bytes : int
        Anonymous memory, resident or in swap.
    shared_bytes : int
        Shared memory.
    data_bytes : int
        What counts against ``RLIMIT_DATA``, touched or not.
    library_bytes : int
        The code of the libraries that are loaded.
    """

    __slots__ = ("data_bytes", "library_bytes", "private_bytes", "shared_bytes")

    def __init__(
        self,
        private_bytes: int,
        shared_bytes: int,
        data_bytes: int,
        library_bytes: int,
    ) -> None:
        self.private_bytes = private_bytes
        self.shared_bytes = shared_bytes
        self.data_bytes = data_bytes
        self.library_bytes = library_bytes


def read_memory(pid: int | str) -> Memory:
    """Read a process.

    Parameters
    ----------
    pid : int or str
        The process; ``"self"`` for this one.

    Raises
    ------
    OSError, ValueError
        If it has ended.
    """
    if sys.platform != "linux":
        import psutil  # noqa: PLC0415 - on Linux it is not needed

        try:
            own = psutil.Process(None if pid == "self" else int(pid)).memory_info()
        except psutil.Error as error:
            raise ProcessLookupError(str(error)) from error
        return Memory(own.rss, 0, 0, 0)
    status = read_proc_file(f"/proc/{pid}/status")
    return Memory(
        read_size(status, b"RssAnon:") + read_size(status, b"VmSwap:"),
        read_size(status, b"RssShmem:"),
        read_size(status, b"VmData:"),
        read_size(status, b"VmLib:"),
    )


class Family:
    """A process and its children, found at a limited pace.

    Parameters
    ----------
    pid : int
        The process.

    Attributes
    ----------
    children : dict of int to int
        For each child, the memory that it shares with its parent since a fork.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._starts: tuple[bytes, bytes] | None
        try:
            self._starts = read_starts(pid)
        except (OSError, ValueError, IndexError):
            # It has ended, or the system has no /proc.
            self._starts = None
        self._search_s = 0.0
        self.children: dict[int, int] = {}

    def read(self) -> tuple[Memory, int, int]:
        """Return the process's memory, and that of all and of the children in bytes."""
        own = read_memory(self._pid)
        self._search(own)
        children_bytes = 0
        shared_bytes = own.shared_bytes
        for pid, inherited_bytes in list(self.children.items()):
            try:
                child = read_memory(pid)
            except (OSError, ValueError):
                del self.children[pid]
                continue
            children_bytes += max(0, child.private_bytes - inherited_bytes)
            shared_bytes = max(shared_bytes, child.shared_bytes)
        used_bytes = own.private_bytes + children_bytes + shared_bytes
        return own, used_bytes, children_bytes

    def _search(self, own: Memory) -> None:
        now_s = time.monotonic()
        if now_s < self._search_s:
            return
        before_s = time.process_time()
        found = find_descendants(self._pid)
        self.children = {
            pid: self.children[pid]
            if pid in self.children
            else self._inherited_bytes(pid, own)
            for pid in found
        }
        cost_s = time.process_time() - before_s
        self._search_s = now_s + cost_s / _SEARCH_SHARE

    def _inherited_bytes(self, pid: int, own: Memory) -> int:
        """Return the memory that a fork shares; 0 for another program."""
        shares = self._starts is not None and is_fork(pid, self._starts)
        return own.private_bytes if shares else 0
