"""Fake child processes, with memory set by a test."""

from __future__ import annotations

from jupyter_memkit.measure.children_probe import ChildMemory, EndedChildren


class FakeChildren:
    """A probe with fake children.

    Parameters
    ----------
    covers_ended : bool
        Whether it reports children that have ended, as on Linux.
    """

    def __init__(self, *, covers_ended: bool = True) -> None:
        self.covers_ended = covers_ended
        self.memory: dict[int, ChildMemory] = {}
        self.forks: set[int] = set()
        self.shareable_bytes = 0
        self.private_bytes: dict[int, int] = {}
        self.ended = EndedChildren(faults=0, highest_bytes=0)
        self.finds = 0

    def use(self, pid: int, *rss_bytes: int) -> None:
        """Set the memory of a child, new or not, to these sizes in turn."""
        for size in rss_bytes:
            before = self.memory.get(pid)
            highest = max(size, before.high_water_bytes if before else 0)
            self.memory[pid] = ChildMemory(rss_bytes=size, high_water_bytes=highest)

    def fork(self, pid: int) -> None:
        """Start a child that shares all of this process's memory."""
        self.forks.add(pid)
        self.use(pid, self.shareable_bytes)

    def end(self, pid: int) -> None:
        """End a child, and wait for it."""
        memory = self.memory.pop(pid)
        self.forks.discard(pid)
        self.ended = EndedChildren(
            faults=self.ended.faults + 10,
            highest_bytes=max(self.ended.highest_bytes, memory.high_water_bytes),
        )

    def has_children(self) -> bool:
        """Return whether there is one."""
        return bool(self.memory)

    def find(self) -> list[int]:
        """Return the ids of all."""
        self.finds += 1
        return list(self.memory)

    def read(self, pid: int) -> ChildMemory | None:
        """Return the memory of one."""
        return self.memory.get(pid)

    def is_fork(self, pid: int) -> bool:
        """Return whether it started as a copy of this process."""
        return pid in self.forks

    def read_private_bytes(self, pid: int) -> int:
        """Return what only one child uses."""
        return self.private_bytes.get(pid, 0)

    def read_shareable_bytes(self) -> int:
        """Return what a fork would share."""
        return self.shareable_bytes

    def read_ended(self) -> EndedChildren:
        """Return the figures for ended children."""
        return self.ended
