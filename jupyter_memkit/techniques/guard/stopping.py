"""Stops guarded code: raises in it, and recognizes the errors that a stop ends with."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable
from types import FrameType

from jupyter_memkit.errors import MemoryLimitExceeded
from jupyter_memkit.techniques.error_groups import walk_group
from jupyter_memkit.techniques.guard.belts import Belts
from jupyter_memkit.techniques.guard.exceeded import describe_excess, make_error
from jupyter_memkit.techniques.guard.failures import (
    comes_from_signal,
    is_failed_allocation,
    stands_for_signal,
)
from jupyter_memkit.techniques.guard.family import read_memory
from jupyter_memkit.techniques.guard.frames import (
    drop_frame_of,
    find_line,
    is_interruptible,
    join_tracebacks,
)
from jupyter_memkit.techniques.guard.mark import Mark, Marks
from jupyter_memkit.techniques.guard.programs import (
    Moment,
    Programs,
    has_started,
)
from jupyter_memkit.techniques.guard.queries import interrupt_queries
from jupyter_memkit.techniques.guard.records import GuardStop
from jupyter_memkit.techniques.guard.regions import Region, Regions
from jupyter_memkit.techniques.guard.watcher import LEEWAY_BYTES
from jupyter_memkit.units import format_bytes

_RAISING = "jupyter_memkit.techniques.guard.raising"


class Stopping:
    """What happens in this process at a mark.

    Parameters
    ----------
    belts : Belts
        What the watcher has read; open while there is a mark.
    marks : Marks
        The marks in force.
    regions : Regions
        The guarded code that is running.
    warn : callable
        Shows a warning.

    Attributes
    ----------
    stops : int
        How many regions were stopped.
    stopped : BaseException or None
        The error of a region that runs, once `convert` has taken it for a stop.
    """

    def __init__(
        self,
        belts: Belts,
        marks: Marks,
        regions: Regions,
        warn: Callable[[str], object],
    ) -> None:
        self._belts = belts
        self._marks = marks
        self._regions = regions
        self._warn = warn
        self._programs = Programs(os.getpid())
        self._stopped_since: Moment | None = None
        self._raised_in = 0
        self._warned_in: dict[Mark, int] = {}
        self.stops = 0
        self.stopped: BaseException | None = None

    def on_signal(self, _number: int, frame: FrameType | None) -> None:
        """Raise in the guarded code; the watcher repeats the signal until then."""
        region = self._regions.find_filling()
        if region is None or not self._marks:
            return
        page = self._belts.page
        cell = page["cell"]
        is_stopped = page["stopped_cell"] == cell
        if is_stopped:
            # What could handle the signal can handle Ctrl-C, so that is not sent: it
            # would end the session of a debugger.
            page["handled_cell"] = cell
        if not region.is_in_main_thread:
            frame = region.read_frame()
        if not is_interruptible(frame, region.contains):
            return
        if is_stopped or self._find_warning(cell):
            self._belts.release()
        stopping = (page["mark_bytes"], page["reserve_bytes"])
        # The programs that were interrupted may have ended.
        is_late = page["programs_cell"] == cell
        if is_stopped and (is_late or self._belts.is_exceeded(stopping)):
            self._stop(region, frame)
            return
        for mark in self._find_warning(cell):
            self._warned_in[mark] = cell
            self._warn(describe_excess(mark, page, self._belts.read_used()))

    def convert(self, error: BaseException) -> MemoryLimitExceeded | None:
        """Return the error of a stop, if an error of guarded code was caused by one.

        Parameters
        ----------
        error : BaseException
            What ended the region of this thread that began last; perhaps a group with
            the error of a task that was stopped.
        """
        if isinstance(error, MemoryLimitExceeded) and error.stop is not None:
            return error
        region = self._regions.own
        if region is None or not self._marks.stopping:
            return None
        page = self._belts.page
        mark = self._marks.lowest(page)
        limits_data = page["limits_data"] == 1
        self._belts.make_room()
        inner = next(
            (
                each
                for each in walk_group(error)
                if self._is_caused_by_stop(each, region, limits_data=limits_data)
            ),
            None,
        )
        if inner is None:
            return None
        # Until they end, they fill the room in which the error is shown.
        self._raise_in_threads(region)
        used_bytes, reserved_bytes = self._read_peak(region)
        exceeded = make_error(inner, mark, page, used_bytes, reserved_bytes)
        is_signal = comes_from_signal(inner)
        if is_signal:
            used_bytes = page["stopped_bytes"]
        self.stops += 1
        self.stopped = error
        self._interrupt_programs(region)
        exceeded.stop = GuardStop(
            message=str(exceeded.args[0]),
            used_bytes=used_bytes,
            mark_bytes=mark.bytes_now(page),
            mark=mark.text,
            belt="watcher" if is_signal else "allocation",
            line=find_line(inner, region.contains) or find_line(error, region.contains),
            grown_bytes=max(0, used_bytes - region.start_bytes),
        )
        own_code = Stopping.on_signal.__code__
        traceback = drop_frame_of(own_code, inner.__traceback__)
        if inner is not error:
            traceback = join_tracebacks(error.__traceback__, traceback)
        return exceeded.with_traceback(traceback)

    def find_programs(self) -> list[int]:
        """Return the programs of the code that was stopped last, if they still run.

        Those that were interrupted are given some time.
        """
        since = self._stopped_since
        return [] if since is None else self._programs.find_left(since)

    def describe_left(self, region: Region) -> str:
        """Return that a region that has not failed leaves memory above the mark.

        Code that catches the errors of failed allocations can pass the mark.

        Returns
        -------
        str
            One sentence; empty if it was below, or has added no more than is allowed
            to code that starts above.
        """
        if not self._marks.stopping:
            return ""
        page = self._belts.page
        mark = self._marks.lowest(page)
        most_bytes = mark_bytes = mark.bytes_now(page)
        if region.start_bytes > mark_bytes:
            most_bytes = region.start_bytes + LEEWAY_BYTES
        used_bytes = self._belts.read_used()
        if used_bytes > most_bytes:
            self._belts.release()
            used_bytes = self._belts.read_used()
        if used_bytes <= most_bytes:
            return ""
        return (
            f"{describe_excess(mark, page, used_bytes)}, by "
            f"{format_bytes(used_bytes - mark_bytes)}, although the code did not "
            "fail; free some with %memfree, or choose a higher mark"
        )

    def _read_peak(self, region: Region) -> tuple[int, int]:
        """Return the most memory in use and reserved that was read in a region.

        On its way up, an error frees what only the frames that it leaves have held.
        """
        page = self._belts.page
        own = read_memory("self")
        used_bytes = max(self._belts.count_used(own), region.read_highest())
        reserved_bytes = own.data_bytes
        if page["peak_cell"] == region.number:
            used_bytes = max(used_bytes, page["peak_bytes"])
            reserved_bytes = max(reserved_bytes, page["peak_data_bytes"])
        return used_bytes, reserved_bytes

    def _find_warning(self, cell: int) -> list[Mark]:
        """Return the marks that are exceeded and have not warned in this cell."""
        return [
            mark
            for mark in self._marks.warning
            if self._warned_in.get(mark) != cell
            and self._belts.is_exceeded((mark.bytes, mark.reserve_bytes))
        ]

    def _stop(self, region: Region, frame: FrameType | None) -> None:
        """Raise in the thread of guarded code, whose innermost frame is given."""
        self._raised_in = region.number
        interrupt_queries(frame)
        self._interrupt_programs(region)
        if region.is_in_main_thread:
            page = self._belts.page
            mark = self._marks.lowest(page)
            raise MemoryLimitExceeded(
                describe_excess(mark, page, page["stopped_bytes"])
            )
        # The guarded code may have ended meanwhile. `convert` adds the message.
        if is_interruptible(region.read_frame(), region.contains):
            sys.modules[_RAISING].raise_in(region.thread, MemoryLimitExceeded)

    def _raise_in_threads(self, region: Region) -> None:
        """Raise in the threads that guarded code has started, if they are inside it.

        Threads of libraries that wait for work are not: an error would break them.
        """
        frames = sys._current_frames()  # noqa: SLF001 - it has no public name
        spared = {threading.main_thread(), *self._regions.threads}
        inside = [
            thread
            for thread in threading.enumerate()
            if thread not in spared
            and is_interruptible(frames.get(thread.ident or 0), region.contains)
            and has_started(thread.native_id or 0, region.began)
        ]
        # The frame of this call is among them, and would hold itself.
        frames.clear()
        if inside:
            prepare_thread()
        for thread in inside:
            sys.modules[_RAISING].raise_in(thread, MemoryLimitExceeded)

    def _interrupt_programs(self, region: Region) -> None:
        self._stopped_since = region.began
        self._programs.interrupt(region.began)

    def _is_caused_by_stop(
        self, error: BaseException, region: Region, *, limits_data: bool
    ) -> bool:
        if isinstance(error, KeyboardInterrupt):
            # A process of a pool can pass on the one that it has got.
            page = self._belts.page
            interrupted = (page["interrupted_cell"], page["programs_cell"])
            return region.number in interrupted
        if isinstance(error, MemoryLimitExceeded):
            return True
        if stands_for_signal(error):
            return self._raised_in == region.number
        return limits_data and is_failed_allocation(error)


def prepare_thread() -> None:
    """Import what raises in a thread without signals; a stop may have no memory."""
    importlib.import_module(_RAISING)
