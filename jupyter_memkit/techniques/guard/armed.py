"""The guard of this process: arms its belts while there is a mark."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Protocol

from jupyter_memkit.errors import MemkitError, MemoryLimitExceeded
from jupyter_memkit.techniques.guard.belts import Belts
from jupyter_memkit.techniques.guard.mark import Mark, Marks
from jupyter_memkit.techniques.guard.oom_score import preferred_victim
from jupyter_memkit.techniques.guard.records import GuardStatus
from jupyter_memkit.techniques.guard.regions import Region, Regions
from jupyter_memkit.techniques.guard.stopping import Stopping, prepare_thread


class Listener(Protocol):
    """What a guard notifies, such as the hooks of a shell."""

    def on_armed(self) -> None:
        """Handle that the first mark has been added."""

    def warn(self, message: str) -> None:
        """Show a warning."""


class Guard:
    """The marks of this process, and what enforces them.

    Marks are added and removed in the main thread, which gets the signal; guarded code
    may run in any.

    Attributes
    ----------
    listeners : list of Listener
        What it notifies. Without any, warnings are printed.
    end_path : str
        The file in which the watcher writes how the process ended, next to one of the
        same name that ends in ``.json`` and is removed at a clean end; empty for none.
    obstacle : str
        Why a mark that a setting asks for is not in force; empty if there is none.
    """

    end_path = ""
    obstacle = ""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self._marks = Marks()
        self._regions = Regions()
        self._belts = Belts(self._marks, self._regions)
        self._stopping = Stopping(self._belts, self._marks, self._regions, self._warn)
        self._disarm = contextlib.ExitStack()

    @property
    def is_armed(self) -> bool:
        """Whether there is a mark."""
        return bool(self._marks)

    @property
    def is_guarding(self) -> bool:
        """Whether guarded code is running."""
        return self._regions.latest is not None

    @property
    def stopped(self) -> BaseException | None:
        """The error of a region that runs, once `convert` has taken it for a stop."""
        return self._stopping.stopped

    @property
    def lowest_mark(self) -> Mark | None:
        """The lowest mark, as in `Marks`; None if there is none. For any thread."""
        if not self._belts.is_open:
            return None
        try:
            return self._marks.lowest(self._belts.page)
        except ValueError:
            # There is none, or the page was closed in the meantime.
            return None

    @property
    def room_bytes(self) -> int | None:
        """What is left below the lowest mark that stops; None if there is none."""
        if not self._marks.stopping:
            return None
        page = self._belts.page
        return self._marks.lowest(page).bytes_now(page) - self._belts.read_used()

    @property
    def watcher_pid(self) -> int:
        """The id of the watcher's process; 0 if there is none."""
        return self._belts.watch.pid if self._belts.is_open else 0

    @property
    def status(self) -> GuardStatus:
        """The current status."""
        if not self._marks:
            return GuardStatus(mark=None, obstacle=self.obstacle or None)
        page = self._belts.page
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
            stops=self._stopping.stops,
        )

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
            self._belts.renew()
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
            self._belts.renew()
        else:
            self._disarm.close()

    def close(self) -> None:
        """Disarm, and end the watcher, which otherwise sleeps until the next mark."""
        self._marks.clear()
        self._disarm.close()
        self._belts.close()

    def begin(self, contains: Callable[[FrameType], bool]) -> Region | None:
        """Begin to guard code of this thread; None if there is no mark.

        Parameters
        ----------
        contains : callable
            Returns whether a frame is that of the guarded code.
        """
        if not self._marks:
            return None
        trouble = self._belts.restart_watcher()
        if trouble:
            self._warn(trouble)
        self._belts.refresh()
        own = self._belts.release_early()
        if threading.current_thread() is not threading.main_thread():
            prepare_thread()
        if "polars" in sys.modules:
            self._belts.page["aborts"] = 1
        region = self._regions.begin(contains, self._belts.count_used(own))
        try:
            self._belts.enter(region.number, region.start_bytes, own)
        except BaseException:
            self.end(region)
            raise
        return region

    def end(self, region: Region) -> None:
        """End a region; nothing changes if it has ended."""
        self._stopping.stopped = None
        try:
            self._end_region(region)
        except MemoryLimitExceeded:
            # The main thread raised it here just when the code had ended.
            self._end_region(region)

    def warn_of_left(self, region: Region) -> None:
        """Warn if a region that has not failed leaves memory above the mark."""
        excess = self._stopping.describe_left(region) if self._marks else ""
        if excess:
            self._warn(excess)

    def make_room(self, *, is_ample: bool = False) -> None:
        """Allow some memory above the mark, as in `Belts`."""
        if self._marks:
            self._belts.make_room(is_ample=is_ample)

    def resume(self) -> None:
        """Guard the code of this thread again, which continues after `make_room`."""
        region = self._regions.own
        if region is None or not self._marks:
            return
        belts, page = self._belts, self._belts.page
        if belts.is_exceeded((page["mark_bytes"], page["reserve_bytes"])):
            # It may take as much as code that starts above the mark.
            region.start_bytes = belts.read_used()
        page["stopped_cell"] = page["handled_cell"] = 0
        belts.renew()

    def find_programs(self) -> list[int]:
        """Return what the code that was stopped last has left, as in `Stopping`."""
        return self._stopping.find_programs()

    def convert(self, error: BaseException) -> MemoryLimitExceeded | None:
        """Return the error of a stop, as in `Stopping`; None for any other."""
        return self._stopping.convert(error)

    def _arm(self, mark: Mark) -> None:
        belts = self._belts
        if not belts.is_open:
            belts.open(self.end_path)
        number = belts.watch.number
        with contextlib.ExitStack() as undo:
            previous = signal.signal(number, self._stopping.on_signal)
            undo.callback(signal.signal, number, previous)
            belts.limit.remember()
            undo.callback(belts.limit.restore)
            undo.callback(belts.watch.sleep)
            self._marks.add(mark)
            undo.callback(self._marks.clear)
            belts.update()
            belts.page["start_bytes"] = 0
            belts.watch.wake()
            undo.enter_context(preferred_victim())
            self._disarm = undo.pop_all()
        self._stopping.stops = 0

    def _end_region(self, region: Region) -> None:
        self._regions.end(region)
        if self._marks:
            self._belts.renew()

    def _warn(self, message: str) -> None:
        for listener in tuple(self.listeners):
            listener.warn(message)
        if not self.listeners:
            print(message)  # noqa: T201 - for the user of a script


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
