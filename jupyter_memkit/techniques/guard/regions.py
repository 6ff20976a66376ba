"""The guarded code that is running: a cell, a block in it, and cells of subshells.

Threads share one memory, but the system counts the page faults of each: a new page is a
fault of the thread that touches it first. So of the threads that run guarded code, the
one with the most faults is assumed to fill the memory.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from jupyter_memkit.measure.proc_files import (
    read_proc_file,
    read_size,
    read_stat_columns,
)
from jupyter_memkit.techniques.guard.programs import Moment, read_moment

# Columns of /proc/<pid>/stat after the name: page faults without and with a read.
_FAULTS = slice(7, 10, 2)


@dataclass(slots=True, eq=False)
class Region:
    """Guarded code that is running.

    Attributes
    ----------
    contains : callable
        Returns whether a frame is that of the guarded code.
    number, start_bytes : int
        As in the shared page.
    faults : int
        The page faults of its thread since which those of threads are compared.
    thread : threading.Thread
        The thread in which it runs.
    start_high_bytes : int
        The system's mark of the process's highest memory when it began.
    began : (int, int)
        The moment at which it began.
    """

    contains: Callable[[FrameType], bool]
    number: int
    start_bytes: int
    faults: int = 0
    thread: threading.Thread = field(default_factory=threading.current_thread)
    start_high_bytes: int = field(default_factory=lambda: _read_high_water()[0])
    began: Moment = field(default_factory=read_moment)

    @property
    def is_in_main_thread(self) -> bool:
        """Whether it gets signals."""
        return self.thread is threading.main_thread()

    @property
    def is_in_this_thread(self) -> bool:
        """Whether it runs in the current thread."""
        return self.thread is threading.current_thread()

    def read_frame(self) -> FrameType | None:
        """Return the innermost frame of its thread; None if that has ended."""
        return sys._current_frames().get(self.thread.ident or 0)  # noqa: SLF001 - it has no public name

    def read_highest(self) -> int:
        """Return the highest memory of the process in it, without mapped files.

        Unlike the watcher, the system misses no moment, but shows only what is higher
        than ever before. 0 if that is unknown.
        """
        high_bytes, file_bytes = _read_high_water()
        return high_bytes - file_bytes if high_bytes > self.start_high_bytes else 0

    def read_new_faults(self) -> int:
        """Return the page faults of its thread since the comparison began."""
        return _read_faults(self.thread) - self.faults


class Regions:
    """All guarded code that is running; for any thread.

    Other threads begin and end regions while they are read, so each read is of a copy.
    """

    def __init__(self) -> None:
        self._regions: list[Region] = []
        self._numbers = itertools.count(1)

    @property
    def latest(self) -> Region | None:
        """The region that began last; None if no guarded code is running."""
        latest = self._regions[-1:]
        return latest[0] if latest else None

    @property
    def own(self) -> Region | None:
        """The region of this thread that began last."""
        own = [each for each in tuple(self._regions) if each.is_in_this_thread]
        return own[-1] if own else None

    @property
    def threads(self) -> set[threading.Thread]:
        """The threads in which they run."""
        return {each.thread for each in tuple(self._regions)}

    @property
    def get_signals(self) -> bool:
        """Whether all of them get signals."""
        return all(each.is_in_main_thread for each in tuple(self._regions))

    def begin(self, contains: Callable[[FrameType], bool], start_bytes: int) -> Region:
        """Begin a region in this thread; the parameters are those of `Region`."""
        region = Region(contains, next(self._numbers), start_bytes)
        self._regions.append(region)
        regions = tuple(self._regions)
        if any(not each.is_in_this_thread for each in regions):
            # From here on, the threads are compared.
            for each in regions:
                each.faults = _read_faults(each.thread)
        return region

    def end(self, region: Region) -> None:
        """End a region; nothing changes if it has ended."""
        with contextlib.suppress(ValueError):
            self._regions.remove(region)

    def find_filling(self) -> Region | None:
        """Return the innermost region of the thread that fills the memory."""
        innermost = {each.thread: each for each in tuple(self._regions)}
        if len(innermost) < 2:
            return self.latest
        return max(innermost.values(), key=Region.read_new_faults)


def _read_high_water() -> tuple[int, int]:
    """Return the highest memory of the process, and that of mapped files now."""
    if sys.platform != "linux":
        return 0, 0
    status = read_proc_file("/proc/self/status")
    return read_size(status, b"VmHWM:"), read_size(status, b"RssFile:")


def _read_faults(thread: threading.Thread) -> int:
    """Return the page faults of a thread; 0 if they are unknown."""
    if sys.platform != "linux":
        return 0
    try:
        columns = read_stat_columns(f"self/task/{thread.native_id}")
    except (OSError, ValueError):
        return 0
    return sum(map(int, columns[_FAULTS]))
