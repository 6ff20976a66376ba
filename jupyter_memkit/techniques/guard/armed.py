"""The guard of this process: arms its belts, and raises where guarded code runs."""

from __future__ import annotations

import contextlib
import functools
import linecache
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from jupyter_memkit.cells.magic_calls import restore_magic
from jupyter_memkit.errors import MemkitError, MemoryLimitExceeded
from jupyter_memkit.measure.heap import read_free_heap_bytes
from jupyter_memkit.techniques.allocator import release_unused
from jupyter_memkit.techniques.guard.data_limit import DataLimit
from jupyter_memkit.techniques.guard.failures import is_failed_allocation
from jupyter_memkit.techniques.guard.family import read_memory
from jupyter_memkit.techniques.guard.mark import Mark
from jupyter_memkit.techniques.guard.records import GuardStatus, GuardStop
from jupyter_memkit.techniques.guard.shared import SharedPage, make_page
from jupyter_memkit.techniques.guard.watch import Watch
from jupyter_memkit.techniques.guard.watcher import LEEWAY_BYTES, find_room
from jupyter_memkit.units import format_bytes

# Modules whose code must not be interrupted while it waits for the person at the
# keyboard.
_DEBUGGERS = ("bdb", "pdb", "debugpy", "pydevd", "_pydev", "IPython.core.debugger")

# From this share of the mark on, the allocators give back what they hold free before a
# cell starts.
_SHARE_TO_RELEASE = 0.25

# What a report of a stop may take above the mark.
_REPORT_BYTES = 128 << 20

# The system then takes the kernel, and not the server with all other kernels.
_OOM_SCORE = Path("/proc/self/oom_score_adj")
_KERNEL_SCORE = 300


@dataclass(frozen=True, slots=True)
class _Region:
    """Guarded code that is running.

    Attributes
    ----------
    contains : callable
        Returns whether a frame is that of the guarded code.
    number, start_bytes : int
        As in the shared page.
    """

    contains: Callable[[FrameType], bool]
    number: int
    start_bytes: int


class Guard:
    """The marks of this process, and what enforces them.

    The lowest mark counts. All methods are for the main thread.

    Attributes
    ----------
    warn : callable
        Shows a warning, for marks whose action is "warn".
    on_armed : callable
        Called when the first mark has been added.
    end_path : str
        The file in which the watcher writes how the process ended, beside one of the
        same name that ends in ``.json`` and is removed at a clean end; empty for none.
    """

    warn: Callable[[str], object] = staticmethod(print)
    on_armed: Callable[[], object] = staticmethod(lambda: None)
    end_path = ""

    def __init__(self) -> None:
        self._marks: list[Mark] = []
        self._regions: list[_Region] = []
        self._number = 0
        self._disarm = contextlib.ExitStack()
        self._end = contextlib.ExitStack()
        self._page: Any = None
        self._watch: Any = None
        self._data_limit: Any = None
        self._released_bytes = 0
        self.stops = 0
        """How many regions were stopped."""

    @property
    def is_armed(self) -> bool:
        """Whether there is a mark."""
        return bool(self._marks)

    @property
    def watcher_pid(self) -> int:
        """The id of the watcher's process; 0 if there is none."""
        return 0 if self._page is None else self._watch.pid

    def add(self, mark: Mark) -> None:
        """Add a mark; the first arms the belts.

        Raises
        ------
        MemkitError
            If this process cannot be guarded.
        """
        if self._marks:
            self._marks.append(mark)
            self._renew()
        else:
            self._arm(mark)
            self.on_armed()

    def remove(self, mark: Mark) -> None:
        """Remove a mark; the last restores everything as it was found."""
        self._marks.remove(mark)
        if self._marks:
            self._renew()
        else:
            self._disarm.close()

    def close(self) -> None:
        """Disarm, and end the watcher, which otherwise sleeps until the next mark."""
        self._marks.clear()
        self._disarm.close()
        self._end.close()
        self._page = None

    def begin(self, contains: Callable[[FrameType], bool]) -> str:
        """Begin to guard code; return what is wrong with the guard, or nothing.

        Parameters
        ----------
        contains : callable
            Returns whether a frame is that of the guarded code.
        """
        if not self._marks:
            return ""
        trouble = self._restart_watcher()
        self._number += 1
        self._release_early()
        region = _Region(contains, self._number, self._read_used())
        self._regions.append(region)
        if "polars" in sys.modules:
            self._page["aborts"] = 1
        self._enter(region.number, region.start_bytes)
        return trouble

    def end(self) -> None:
        """End the region that began last."""
        if self._regions:
            self._regions.pop()
        if not self._marks:
            return
        self._renew()

    def make_room(self) -> None:
        """Allow some memory above the mark, until guarded code begins again."""
        if self._marks and self._page["limits_data"]:
            self._page["cell"] = self._page["limits_data"] = 0
            self._data_limit.allow(_REPORT_BYTES)

    def convert(self, error: BaseException) -> MemoryLimitExceeded | None:
        """Return the error of a stop, if an error of guarded code was caused by one.

        Parameters
        ----------
        error : BaseException
            What ended the region that began last.
        """
        if isinstance(error, MemoryLimitExceeded) and error.stop is not None:
            return error
        if not self._regions or self._mark.action == "warn":
            return None
        limits_data = self._page["limits_data"] == 1
        self.make_room()
        if not self._is_caused_by_stop(error, limits_data=limits_data):
            return None
        if isinstance(error, MemoryLimitExceeded):
            exceeded = error
        elif isinstance(error, KeyboardInterrupt):
            exceeded = MemoryLimitExceeded(self._describe(self._page["stopped_bytes"]))
        else:
            exceeded = self._convert_failure(error)
        self.stops += 1
        exceeded.stop = self._make_stop(exceeded, error)
        return exceeded.with_traceback(_drop_own_frame(error.__traceback__))

    @property
    def status(self) -> GuardStatus:
        """The current status."""
        if not self._marks:
            return GuardStatus(mark=None)
        page = self._page
        belts = ["a signal from a watcher process"]
        if page["limits_data"] and not page["aborts"]:
            belts.insert(0, "a limit at which allocations fail")
        return GuardStatus(
            mark=self._mark.text,
            action=self._mark.action,
            mark_bytes=self._mark_bytes,
            used_bytes=page["used_bytes"],
            belts=tuple(belts),
            stops=self.stops,
        )

    @property
    def _mark(self) -> Mark:
        """The mark that counts: the lowest one."""
        return min(self._marks, key=lambda mark: mark.bytes or sys.maxsize)

    @property
    def _mark_bytes(self) -> int:
        page = self._page
        used_bytes = page["used_bytes"]
        rooms = [mark.bytes - used_bytes for mark in self._marks if mark.bytes]
        if page["reserve_bytes"]:
            rooms.append(page["available_bytes"] - page["reserve_bytes"])
        return int(used_bytes + min(rooms))

    def _read_used(self) -> int:
        """Read this process, and add what the watcher last read of its children."""
        own = read_memory("self")
        children_bytes: int = self._page["children_bytes"]
        return own.private_bytes + own.shared_bytes + children_bytes

    def _is_caused_by_stop(self, error: BaseException, *, limits_data: bool) -> bool:
        if isinstance(error, KeyboardInterrupt):
            interrupted: int = self._page["interrupted_cell"]
            return interrupted == self._regions[-1].number
        if isinstance(error, MemoryLimitExceeded):
            return True
        return limits_data and is_failed_allocation(error)

    def _release_early(self) -> None:
        """Release before a cell starts, if much has become free since last time."""
        if self._read_used() < _SHARE_TO_RELEASE * self._mark_bytes:
            return
        # Pages that were released still belong to the free part of the heap.
        if read_free_heap_bytes() > self._released_bytes + LEEWAY_BYTES:
            self._release()

    def _release(self) -> None:
        """Give back what the allocators hold free."""
        before_bytes = self._read_used()
        release_unused()
        released_bytes = max(0, before_bytes - self._read_used())
        self._page["available_bytes"] += released_bytes
        self._released_bytes = read_free_heap_bytes()

    def _arm(self, mark: Mark) -> None:
        if self._page is None:
            self._prepare()
        page, watch = self._page, self._watch
        with contextlib.ExitStack() as undo:
            previous = signal.signal(watch.number, self._on_signal)
            undo.callback(signal.signal, watch.number, previous)
            self._data_limit.remember()
            undo.callback(self._data_limit.restore)
            undo.callback(watch.sleep)
            self._marks.append(mark)
            undo.callback(self._marks.clear)
            self._update()
            page["start_bytes"] = 0
            watch.wake()
            _raise_oom_score(undo)
            self._disarm = undo.pop_all()
        self.stops = 0

    def _prepare(self) -> None:
        """Create what is kept while the guard is not armed."""
        number = _find_free_signal()
        with contextlib.ExitStack() as undo:
            descriptor = make_page()
            undo.callback(os.close, descriptor)
            page = SharedPage(descriptor)
            undo.callback(page.close)
            self._watch = Watch(page, descriptor, number, self.end_path)
            undo.callback(self._watch.stop)
            self._data_limit = DataLimit(0, page)
            self._page = page
            self._end = undo.pop_all()

    def _update(self) -> None:
        """Write the marks to the page."""
        page = self._page
        sizes = [mark.bytes for mark in self._marks if mark.bytes]
        page["mark_bytes"] = min(sizes, default=0)
        page["reserve_bytes"] = max(mark.reserve_bytes for mark in self._marks)
        page["limits_data"] = int(
            sys.platform == "linux" and self._mark.action == "stop"
        )

    def _renew(self) -> None:
        """Set both belts for the code that is running already."""
        if self._regions:
            self._enter(self._regions[-1].number, self._regions[-1].start_bytes)
        else:
            # Threads of the user may go on, so the mark holds between cells, too.
            self._enter(0, self._read_used())

    def _enter(self, number: int, start_bytes: int) -> None:
        """Set both belts for the code that runs from now on."""
        self._update()
        page = self._page
        page["start_bytes"] = start_bytes
        page["cell"] = number
        available_bytes = page["available_bytes"]
        room_bytes = find_room(page, self._read_used(), available_bytes)
        self._data_limit.move(read_memory("self"), room_bytes, available_bytes)

    def _restart_watcher(self) -> str:
        failure: str = self._watch.describe_failure()
        if not failure:
            return ""
        self._watch.stop()
        self._watch.wake()
        return f"the watcher of %memguard {failure}; it was started again"

    def _on_signal(self, _number: int, frame: FrameType | None) -> None:
        """Raise in the guarded code; the watcher repeats the signal until then."""
        if not self._regions or not self._marks:
            return
        region = self._regions[-1]
        if self._page["stopped_cell"] != region.number:
            return
        if not _is_interruptible(frame, region.contains):
            return
        self._release()
        used_bytes = self._read_used()
        if find_room(self._page, used_bytes, self._page["available_bytes"]) >= 0:
            return
        is_first = self._page["handled_cell"] != region.number
        self._page["handled_cell"] = region.number
        message = self._describe(self._page["stopped_bytes"])
        if self._mark.action == "warn":
            if is_first:
                self.warn(message)
            return
        raise MemoryLimitExceeded(message)

    def _describe(self, used_bytes: int) -> str:
        return (
            f"memory use of {format_bytes(used_bytes)} is above the mark of "
            f"{self._describe_mark()}"
        )

    def _describe_mark(self) -> str:
        mark = self._mark
        if mark.bytes:
            return mark.text
        return f"{format_bytes(self._mark_bytes)} ({mark.text})"

    def _convert_failure(self, error: BaseException) -> MemoryLimitExceeded:
        message = (
            f"an allocation would exceed the mark of {self._describe_mark()}, with "
            f"{format_bytes(self._read_used())} in use and "
            f"{format_bytes(read_memory('self').data_bytes)} reserved"
        )
        arguments = BaseException.args.__get__(error)  # type: ignore[attr-defined] # a descriptor
        texts = [each for each in arguments if type(each) is str]
        if texts:
            message += f": {texts[0]}"
        return MemoryLimitExceeded(message)

    def _make_stop(
        self, exceeded: MemoryLimitExceeded, error: BaseException
    ) -> GuardStop:
        page = self._page
        region = self._regions[-1]
        by_watcher = page["stopped_cell"] == region.number
        used_bytes = page["stopped_bytes"] if by_watcher else self._read_used()
        is_signal = exceeded is error or isinstance(error, KeyboardInterrupt)
        return GuardStop(
            message=str(exceeded.args[0]),
            used_bytes=used_bytes,
            mark_bytes=self._mark_bytes,
            mark=self._mark.text,
            belt="watcher" if is_signal else "allocation",
            line=_find_line(error, region.contains),
            grown_bytes=max(0, used_bytes - region.start_bytes),
        )


def _drop_own_frame(traceback: TracebackType | None) -> TracebackType | None:
    """Cut the frame of the signal's handler, which raised the error."""
    last = traceback
    while last is not None and last.tb_next is not None:
        if last.tb_next.tb_frame.f_globals is globals():
            last.tb_next = None
            break
        last = last.tb_next
    return traceback


def _find_free_signal() -> int:
    """Return a signal that nobody handles.

    Raises
    ------
    MemkitError
        If there is none.
    """
    if not hasattr(signal, "SIGRTMAX"):
        numbers = [getattr(signal, "SIGUSR2", 0), getattr(signal, "SIGUSR1", 0)]
    else:
        # The first ones belong to the C library.
        numbers = list(range(signal.SIGRTMAX - 1, signal.SIGRTMIN + 2, -1))
    for number in filter(None, numbers):
        if signal.getsignal(number) is signal.SIG_DFL:
            return int(number)
    message = "no signal is free for the guard on this system; it cannot be armed"
    raise MemkitError(message)


def _raise_oom_score(undo: contextlib.ExitStack) -> None:
    """Make the system choose this process first when it runs out of memory."""
    with contextlib.suppress(OSError, ValueError):
        before = int(_OOM_SCORE.read_text())
        if before < _KERNEL_SCORE:
            _OOM_SCORE.write_text(str(_KERNEL_SCORE))
            undo.callback(_restore_oom_score, before)


def _restore_oom_score(before: int) -> None:
    with contextlib.suppress(OSError):
        _OOM_SCORE.write_text(str(before))


def _is_interruptible(
    frame: FrameType | None, contains: Callable[[FrameType], bool]
) -> bool:
    """Return whether guarded code is running, and no debugger waits in it."""
    while frame is not None:
        if contains(frame):
            return True
        name = frame.f_globals.get("__name__")
        if isinstance(name, str) and name.startswith(_DEBUGGERS):
            return False
        frame = frame.f_back
    return False


def _find_line(
    error: BaseException, contains: Callable[[FrameType], bool]
) -> str | None:
    """Return the innermost line of the guarded code in a traceback."""
    line = None
    traceback = error.__traceback__
    while traceback is not None:
        if contains(traceback.tb_frame):
            file_name = traceback.tb_frame.f_code.co_filename
            line = linecache.getline(file_name, traceback.tb_lineno).strip()
        traceback = traceback.tb_next
    return restore_magic(line) if line else None


def process_guard() -> Guard:
    """Return the guard of this process; a forked child has its own."""
    return _guard_of(os.getpid())


@functools.cache
def _guard_of(_pid: int) -> Guard:
    return Guard()
