"""The first belt: an allocation that would exceed the mark fails.

The soft limit ``RLIMIT_DATA`` counts what is reserved (setrlimit(2)), and the mark what
is used. So the limit is above the mark by what is reserved and not used, and moves with
it. It applies to the kernel only: in children that inherit it, the previous limit is
restored.

polars ends the process when an allocation fails. Once it is loaded, the limit is where
the system would kill, and only the watcher's signal acts at the mark.
"""

from __future__ import annotations

import os
import sys

from jupyter_memkit.measure.temporary_limit import is_temporary, mark_temporary
from jupyter_memkit.techniques.guard.family import Memory, read_memory
from jupyter_memkit.techniques.guard.shared import SharedPage

if sys.platform == "linux":
    import resource

# What libraries reserve and hardly use between two readings of the watcher: stacks of
# threads, and what an allocator takes ahead, 128 MiB or more for that of pyarrow.
_STACK_BYTES = 8 << 20
_SLACK_BYTES = 192 << 20


class DataLimit:
    """The limit of one process.

    Parameters
    ----------
    pid : int
        The process; 0 for this one.
    page : SharedPage
        Whether the limit is in force, and the limits as they were found.
    """

    def __init__(self, pid: int, page: SharedPage) -> None:
        self._pid = pid
        self._page = page
        self._slack_bytes = _SLACK_BYTES + _STACK_BYTES * (os.cpu_count() or 1)

    def move(self, own: Memory, room_bytes: int, available_bytes: int) -> None:
        """Set the limit for the memory in use.

        Parameters
        ----------
        own : Memory
            The reading of the process.
        room_bytes, available_bytes : int
            What is left until the mark, and until the system would kill.
        """
        page = self._page
        if not page["limits_data"]:
            return
        found = page["soft_limit"]
        if not page["mark_bytes"] and not page["reserve_bytes"]:
            # Marks that only warn.
            self._set(found)
            return
        if page["aborts"]:
            room_bytes = available_bytes
        # Never beyond what is left until the system would kill.
        most_bytes = max(room_bytes, available_bytes)
        wanted_bytes = own.data_bytes + min(room_bytes + self._slack_bytes, most_bytes)
        if wanted_bytes >= sys.maxsize // 2 or 0 <= found <= wanted_bytes:
            self._set(found)
            return
        wanted_bytes = max(0, wanted_bytes)
        self._set(mark_temporary(wanted_bytes))

    def remember(self) -> None:
        """Remember the current limits of this process."""
        if sys.platform == "linux":
            limits = resource.getrlimit(resource.RLIMIT_DATA)
            self._page["soft_limit"], self._page["hard_limit"] = limits

    def allow(self, n_bytes: int) -> None:
        """Let this process take some bytes more than it has now."""
        # Reading needs memory, too.
        self.restore()
        wanted_bytes = mark_temporary(read_memory("self").data_bytes + n_bytes)
        found = self._page["soft_limit"]
        self._set(min(wanted_bytes, found) if found >= 0 else wanted_bytes)

    def restore(self) -> None:
        """Restore the remembered limits."""
        if sys.platform == "linux":
            self._set(self._page["soft_limit"])

    def lift(self, children: dict[int, int]) -> None:
        """Restore the remembered limits in children that have inherited the limit."""
        if not self._page["limits_data"]:
            return
        for pid in children:
            try:
                soft, hard = resource.prlimit(pid, resource.RLIMIT_DATA)
                if is_temporary(soft):
                    found = (self._page["soft_limit"], hard)
                    resource.prlimit(pid, resource.RLIMIT_DATA, found)
            except OSError:  # noqa: PERF203 - each child by itself
                # It has ended, or belongs to another user.
                continue

    def _set(self, soft: int) -> None:
        limits = (soft, self._page["hard_limit"])
        resource.prlimit(self._pid, resource.RLIMIT_DATA, limits)
