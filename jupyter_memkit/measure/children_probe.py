"""Finds the child processes of a process and reads their memory.

On Linux the figures come from ``/proc`` (proc(5)) and from the system's totals of
children that have ended (getrusage(2)); elsewhere from psutil.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from jupyter_memkit.measure.descendants import find_descendants
from jupyter_memkit.measure.proc_files import (
    is_fork,
    read_proc_file,
    read_size,
    read_starts,
)

FindDescendants = Callable[[int], list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildMemory:
    """The resident memory of a child, now and at its peak."""

    rss_bytes: int
    high_water_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedChildren:
    """The system's figures for children that have ended.

    Attributes
    ----------
    faults : int
        Their total page faults. Every process has some, so an unchanged number means
        that no child has ended.
    highest_bytes : int
        The highest memory of any single child. That of a child which executed another
        program includes the memory of this process at that moment.
    """

    faults: int
    highest_bytes: int


class ChildrenProbe(Protocol):
    """Reads the children of a process."""

    covers_ended: bool
    """Whether `read_ended` covers every child that has ended."""

    def has_children(self) -> bool:
        """Return whether there may be any; fast."""

    def find(self) -> list[int]:
        """Return the ids of all descendants; slow."""

    def read(self, pid: int) -> ChildMemory | None:
        """Return the memory of a child; None if it has ended."""

    def is_fork(self, pid: int) -> bool:
        """Return whether a child is a fork of the process."""

    def read_private_bytes(self, pid: int) -> int:
        """Return the memory that only a child uses; slow; 0 if it is unknown."""

    def read_shareable_bytes(self) -> int:
        """Return the memory that a child forked now would share with the process."""

    def read_ended(self) -> EndedChildren:
        """Return the figures for children that have ended."""


class ProcChildrenProbe:
    """Reads the children through Linux's ``/proc``.

    Parameters
    ----------
    pid : int, optional
        The process; by default this one.
    find : callable
        Returns the ids of all descendants of a process.
    """

    def __init__(
        self, pid: int | None = None, find: FindDescendants = find_descendants
    ) -> None:
        self._pid = pid
        self._find = find
        self._folder = "self" if pid is None else str(pid)
        self._starts = read_starts(self._folder)
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")
        self.covers_ended = pid is None

    def has_children(self) -> bool:
        """Return whether there is a child that has not been waited for.

        Of another process only a search shows it.
        """
        if self._pid is not None:
            return True
        try:
            # WNOWAIT leaves the child to be waited for by its owner.
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return True

    def find(self) -> list[int]:
        """Return the ids of all descendants."""
        return self._find(self._pid or os.getpid())

    def read(self, pid: int) -> ChildMemory | None:
        """Return the memory of a child; None if it has ended."""
        try:
            status = read_proc_file(f"/proc/{pid}/status")
            return ChildMemory(
                rss_bytes=read_size(status, b"VmRSS:"),
                high_water_bytes=read_size(status, b"VmHWM:"),
            )
        except (OSError, ValueError):
            # It has ended, or is a zombie, which has no memory.
            return None

    def is_fork(self, pid: int) -> bool:
        """Return whether a child is a fork of the process."""
        return is_fork(pid, self._starts)

    def read_private_bytes(self, pid: int) -> int:
        """Return the pages that are written and not shared."""
        try:
            content = read_proc_file(f"/proc/{pid}/smaps_rollup")
            return read_size(content, b"Private_Dirty:")
        except (OSError, ValueError):
            return 0

    def read_shareable_bytes(self) -> int:
        """Return the anonymous memory; a fork maps the rest only when touched."""
        try:
            statm = read_proc_file(f"/proc/{self._folder}/statm")
            _, resident, in_files, *_ = statm.split()
        except OSError:
            # Too many files are open, or it has ended; then a fork counts in full.
            return 0
        return (int(resident) - int(in_files)) * self._page_bytes

    def read_ended(self) -> EndedChildren:
        """Return the system's figures for children that were waited for."""
        if self._pid is not None:
            return EndedChildren(faults=0, highest_bytes=0)
        import resource  # noqa: PLC0415 - Windows has no such module

        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return EndedChildren(
            faults=usage.ru_minflt + usage.ru_majflt,
            highest_bytes=usage.ru_maxrss * 1024,
        )


class PsutilChildrenProbe:
    """Reads the children through psutil, if there is no ``/proc``.

    Parameters
    ----------
    pid : int, optional
        The process; by default this one.
    find : callable
        Returns the ids of all descendants of a process.
    """

    covers_ended = False

    def __init__(
        self, pid: int | None = None, find: FindDescendants = find_descendants
    ) -> None:
        self._pid = pid
        self._find = find

    def has_children(self) -> bool:
        """Return True, because only reading every process would show."""
        return True

    def find(self) -> list[int]:
        """Return the ids of all descendants."""
        return self._find(self._pid or os.getpid())

    def read(self, pid: int) -> ChildMemory | None:
        """Return the memory of a child; None if it has ended."""
        import psutil  # noqa: PLC0415 - as above

        try:
            rss_bytes = psutil.Process(pid).memory_info().rss
        except psutil.Error:
            return None
        return ChildMemory(rss_bytes=rss_bytes, high_water_bytes=rss_bytes)

    def is_fork(self, pid: int) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return False, because it is unknown."""
        return False

    def read_private_bytes(self, pid: int) -> int:  # noqa: ARG002 - likewise
        """Return 0, because it is unknown."""
        return 0

    def read_shareable_bytes(self) -> int:
        """Return 0, because it is unknown."""
        return 0

    def read_ended(self) -> EndedChildren:
        """Return empty figures, because they are unknown."""
        return EndedChildren(faults=0, highest_bytes=0)


def children_probe(
    pid: int | None = None, find: FindDescendants = find_descendants
) -> ChildrenProbe:
    """Return the best probe for this system.

    Parameters
    ----------
    pid : int, optional
        The process; by default this one.
    find : callable
        Returns the ids of all descendants of a process.
    """
    if sys.platform != "linux":
        return PsutilChildrenProbe(pid, find)
    try:
        probe = ProcChildrenProbe(pid, find)
        probe.has_children()
    except (OSError, ValueError, IndexError):
        # A sandbox that hides /proc or parts of it.
        return PsutilChildrenProbe(pid, find)
    return probe
