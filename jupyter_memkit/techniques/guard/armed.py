"""The guard of this process: arms its belts, and raises where guarded code runs."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol

from jupyter_memkit.errors import MemkitError, MemoryLimitExceeded
from jupyter_memkit.measure.free_heap import read_free_chunk_bytes
from jupyter_memkit.techniques.allocator import release_unused
from jupyter_memkit.techniques.guard.data_limit import DataLimit
from jupyter_memkit.techniques.guard.exceeded import describe_excess, make_error
from jupyter_memkit.techniques.guard.failures import (
    comes_from_signal,
    is_failed_allocation,
    stands_for_signal,
)
from jupyter_memkit.techniques.guard.family import Memory, read_memory
from jupyter_memkit.techniques.guard.frames import (
    drop_frame_of,
    find_line,
    is_interruptible,
)
from jupyter_memkit.techniques.guard.mark import Mark, Marks
from jupyter_memkit.techniques.guard.oom_score import preferred_victim
from jupyter_memkit.techniques.guard.records import GuardStatus, GuardStop
from jupyter_memkit.techniques.guard.regions import Region, Regions
from jupyter_memkit.techniques.guard.shared import SharedPage, make_page
from jupyter_memkit.techniques.guard.watch import Watch, find_free_signal
from jupyter_memkit.techniques.guard.watcher import LEEWAY_BYTES, find_room

# From this share of the mark on, the allocators give back what they hold free before a
# cell starts.
_SHARE_TO_RELEASE = 0.25

# What a report of a stop may take above the mark.
_REPORT_BYTES = 128 << 20

_RAISING = "jupyter_memkit.techniques.guard.raising"


class Listener(Protocol):
    """What a guard tells, such as the hooks of a shell."""

    def on_armed(self) -> None:
        """Take note that the first mark has been added."""

    def warn(self, message: str) -> None:
        """Show a warning."""


class Guard:
    """The marks of this process, and what enforces them.

    Marks are added and removed in the main thread, which gets
    the signal; guarded code may run in any.

    Attributes
    ----------
    listeners : list of Listener
        What it tells. Without any, warnings are printed.
    end_path : str
        The file in which the watcher writes how the process ended, beside one of the
        same name that ends in ``.json`` and is removed at a clean end; empty for none.
    """

    end_path = ""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self._marks = Marks()
        self._regions = Regions()
        self._disarm = contextlib.ExitStack()
        self._end = contextlib.ExitStack()
        self._page: Any = None
        self._watch: Any = None
        self._data_limit: Any = None
        self._released_bytes = 0
        self._raised_in = 0
        self._warned_in: dict[Mark, int] = {}
        self.stops = 0
        """How many regions were stopped."""
        self.stopped: BaseException | None = None
        """The error of a region that runs, once `convert` has taken it for a stop."""

    @property
    def is_armed(self) -> bool:
        """Whether there is a mark."""
        return bool(self._marks)

    @property
    def is_guarding(self) -> bool:
        """Whether guarded code is running."""
        return self._regions.latest is not None

    @property
    def lowest_mark(self) -> Mark | None:
        """The lowest mark, as in `Marks`; None if there is none. For any thread."""
        page = self._page
        if page is None:
            return None
        try:
            return self._marks.lowest(page)
        except ValueError:
            # There is none, or the page was closed in the meantime.
            return None

    @property
    def watcher_pid(self) -> int:
        """The id of the watcher's process; 0 if there is none."""
        return 0 if self._page is None else self._watch.pid

    def add(self, mark: Mark) -> None:
        """Add a mark; the first arms the belts.

        Raises
        ------
        MemkitError
            If this process cannot be guarded, or this is not the main thread.
        """
        _require_main_thread()
        if self._marks:
            self._marks.add(mark)
            self._renew()
        else:
            self._arm(mark)
            for listener in tuple(self.listeners):
                listener.on_armed()

    def remove(self, mark: Mark) -> None:
        """Remove a mark; the last restores everything as it was found.

        Nothing changes if it is not in force, as after `close`.

        Raises
        ------
        MemkitError
            If this is not the main thread.
        """
        _require_main_thread()
        if not self._marks.remove(mark):
            return
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

    def begin(self, contains: Callable[[FrameType], bool]) -> Region | None:
        """Begin to guard code of this thread; None if there is no mark.

        Parameters
        ----------
        contains : callable
            Returns whether a frame is that of the guarded code.
        """
        if not self._marks:
            return None
        self._restart_watcher()
        own = self._release_early()
        if threading.current_thread() is not threading.main_thread():
            # Its import needs memory, which a stop may not have.
            importlib.import_module(_RAISING)
        if "polars" in sys.modules:
            self._page["aborts"] = 1
        region = self._regions.begin(contains, self._count_used(own))
        try:
            self._enter(region.number, region.start_bytes, own)
        except BaseException:
            self.end(region)
            raise
        return region

    def end(self, region: Region) -> None:
        """End a region; nothing changes if it has ended."""
        self.stopped = None
        try:
            self._end_region(region)
        except MemoryLimitExceeded:
            # The main thread raised it here just when the code had ended.
            self._end_region(region)

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
            What ended the region of this thread that began last.
        """
        if isinstance(error, MemoryLimitExceeded) and error.stop is not None:
            return error
        region = self._regions.own
        if region is None or not self._marks.stopping:
            return None
        page = self._page
        mark = self._marks.lowest(page)
        limits_data = page["limits_data"] == 1
        self.make_room()
        if not self._is_caused_by_stop(error, region, limits_data=limits_data):
            return None
        used_bytes = self._read_used()
        exceeded = make_error(error, mark, page, used_bytes)
        is_signal = comes_from_signal(error)
        if is_signal or page["stopped_cell"] == region.number:
            used_bytes = page["stopped_bytes"]
        self.stops += 1
        self.stopped = error
        exceeded.stop = GuardStop(
            message=str(exceeded.args[0]),
            used_bytes=used_bytes,
            mark_bytes=mark.bytes_now(page),
            mark=mark.text,
            belt="watcher" if is_signal else "allocation",
            line=find_line(error, region.contains),
            grown_bytes=max(0, used_bytes - region.start_bytes),
        )
        own_code = Guard._on_signal.__code__
        return exceeded.with_traceback(drop_frame_of(own_code, error.__traceback__))

    @property
    def status(self) -> GuardStatus:
        """The current status."""
        if not self._marks:
            return GuardStatus(mark=None)
        page = self._page
        mark = self._marks.lowest(page)
        belts = ["a signal from a watcher process"]
        if page["limits_data"] and not page["aborts"] and mark.action == "stop":
            belts.insert(0, "a limit at which allocations fail")
        return GuardStatus(
            mark=mark.text,
            action=mark.action,
            mark_bytes=mark.bytes_now(page),
            used_bytes=page["used_bytes"],
            belts=tuple(belts),
            stops=self.stops,
        )

    def _read_used(self) -> int:
        """Return the memory in use now."""
        return self._count_used(read_memory("self"))

    def _count_used(self, own: Memory) -> int:
        """Add what the watcher last read of the children to a reading."""
        children_bytes: int = self._page["children_bytes"]
        return own.private_bytes + own.shared_bytes + children_bytes

    def _is_caused_by_stop(
        self, error: BaseException, region: Region, *, limits_data: bool
    ) -> bool:
        if isinstance(error, KeyboardInterrupt):
            interrupted: int = self._page["interrupted_cell"]
            return interrupted == region.number
        if isinstance(error, MemoryLimitExceeded):
            return True
        if stands_for_signal(error):
            return self._raised_in == region.number
        return limits_data and is_failed_allocation(error)

    def _release_early(self) -> Memory:
        """Release before a cell starts, if much has become free since last time.

        Returns
        -------
        Memory
            The reading with which the cell starts.
        """
        own = read_memory("self")
        used_bytes = self._count_used(own)
        mark_bytes = self._marks.lowest(self._page).bytes_now(self._page)
        if used_bytes < _SHARE_TO_RELEASE * mark_bytes:
            return own
        # Pages that were released belong to the free part of the heap until they are
        # used again.
        free_bytes = read_free_chunk_bytes()
        if free_bytes > self._released_bytes + LEEWAY_BYTES:
            self._release()
            return read_memory("self")
        self._released_bytes = min(self._released_bytes, free_bytes)
        return own

    def _release(self) -> None:
        """Give back what the allocators hold free."""
        before_bytes = self._read_used()
        release_unused()
        released_bytes = max(0, before_bytes - self._read_used())
        self._page["available_bytes"] += released_bytes
        self._released_bytes = read_free_chunk_bytes()

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
            self._marks.add(mark)
            undo.callback(self._marks.clear)
            self._update()
            page["start_bytes"] = 0
            watch.wake()
            undo.enter_context(preferred_victim())
            self._disarm = undo.pop_all()
        self.stops = 0

    def _prepare(self) -> None:
        """Create what is kept while the guard is not armed."""
        number = find_free_signal()
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
        self._marks.write(page)
        page["keeps_ctrl_c"] = int(not self._regions.get_signals)
        page["limits_data"] = int(sys.platform == "linux")

    def _renew(self) -> None:
        """Set both belts for the code that is running already."""
        own = read_memory("self")
        used_bytes = self._count_used(own)
        latest = self._regions.latest
        if latest is None:
            # Threads of the user may go on, so the mark holds between cells, too.
            self._enter(0, used_bytes, own)
            return
        if not latest.is_in_this_thread:
            # What the code of this thread keeps is not the doing of the other.
            latest.start_bytes = max(latest.start_bytes, used_bytes)
        self._enter(latest.number, latest.start_bytes, own)

    def _enter(self, number: int, start_bytes: int, own: Memory) -> None:
        """Set both belts for the code that runs from now on."""
        self._update()
        page = self._page
        page["start_bytes"] = start_bytes
        page["cell"] = number
        marks = (page["mark_bytes"], page["reserve_bytes"])
        available_bytes = page["available_bytes"]
        room_bytes = find_room(page, marks, self._count_used(own), available_bytes)
        self._data_limit.move(own, room_bytes, available_bytes)

    def _end_region(self, region: Region) -> None:
        self._regions.end(region)
        if self._marks:
            self._renew()

    def _restart_watcher(self) -> None:
        failure: str = self._watch.describe_failure()
        if not failure:
            return
        self._watch.stop()
        try:
            self._watch.wake()
        except MemkitError as error:
            self._warn(f"the watcher {failure}: {error}")
        else:
            self._warn(f"the watcher {failure}; it was started again")

    def _warn(self, message: str) -> None:
        for listener in tuple(self.listeners):
            listener.warn(message)
        if not self.listeners:
            print(message)  # noqa: T201 - for the user of a script

    def _on_signal(self, _number: int, frame: FrameType | None) -> None:
        """Raise in the guarded code; the watcher repeats the signal until then."""
        region = self._regions.find_filling()
        if region is None or not self._marks:
            return
        cell: int = self._page["cell"]
        is_stopped: bool = self._page["stopped_cell"] == cell
        if is_stopped:
            # What could handle the signal can handle Ctrl-C, so that is not sent: it
            # would end the session of a debugger.
            self._page["handled_cell"] = cell
        if not region.is_in_main_thread:
            frame = region.read_frame()
        if not is_interruptible(frame, region.contains):
            return
        if is_stopped or self._find_warning(cell):
            self._release()
        stopping = (self._page["mark_bytes"], self._page["reserve_bytes"])
        if is_stopped and self._is_reached(stopping):
            self._stop(region)
            return
        for mark in self._find_warning(cell):
            self._warned_in[mark] = cell
            self._warn(describe_excess(mark, self._page, self._read_used()))

    def _find_warning(self, cell: int) -> list[Mark]:
        """Return the marks that are reached and have not warned in this cell."""
        return [
            mark
            for mark in self._marks.warning
            if self._warned_in.get(mark) != cell
            and self._is_reached((mark.bytes, mark.reserve_bytes))
        ]

    def _is_reached(self, mark: tuple[int, int]) -> bool:
        """Return whether a mark, or all at once, is reached; as in `find_room`."""
        page = self._page
        return find_room(page, mark, self._read_used(), page["available_bytes"]) < 0

    def _stop(self, region: Region) -> None:
        """Raise in the thread of guarded code."""
        self._raised_in = region.number
        if region.is_in_main_thread:
            mark = self._marks.lowest(self._page)
            used_bytes = self._page["stopped_bytes"]
            raise MemoryLimitExceeded(describe_excess(mark, self._page, used_bytes))
        # The guarded code may have ended meanwhile. `convert` adds the message.
        if is_interruptible(region.read_frame(), region.contains):
            sys.modules[_RAISING].raise_in(region.thread, MemoryLimitExceeded)


def _require_main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        message = (
            "a mark can only be set or removed in the main thread, which gets the "
            "signal; do it outside of threads and subshells"
        )
        raise MemkitError(message)


def process_guard() -> Guard:
    """Return the guard of this process; a forked child has its own."""
    return _guard_of(os.getpid())


@functools.cache
def _guard_of(_pid: int) -> Guard:
    return Guard()
