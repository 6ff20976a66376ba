"""The belts of this process: the limit at which allocations fail, and the watcher."""

from __future__ import annotations

import contextlib
import os
import sys

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.free_heap import read_free_chunk_bytes
from jupyter_memkit.techniques.allocator import release_unused
from jupyter_memkit.techniques.guard.data_limit import DataLimit
from jupyter_memkit.techniques.guard.family import Memory, read_memory
from jupyter_memkit.techniques.guard.mark import Marks
from jupyter_memkit.techniques.guard.regions import Regions
from jupyter_memkit.techniques.guard.shared import SharedPage, make_page
from jupyter_memkit.techniques.guard.watch import Watch, find_free_signal
from jupyter_memkit.techniques.guard.watcher import LEEWAY_BYTES, find_room

# From this share of the mark on, the allocators return what they hold free before a
# cell starts.
_SHARE_TO_RELEASE = 0.25

# What a report of a stop may take above the mark.
_REPORT_BYTES = 128 << 20


class Belts:
    """Both belts, which hold the guarded code that is running at the marks.

    Parameters
    ----------
    marks : Marks
        The marks in force.
    regions : Regions
        The guarded code.

    Attributes
    ----------
    page : SharedPage
        What the watcher reads and has read, while they are open.
    watch : Watch
        The watcher, while they are open.
    limit : DataLimit
        The limit on data, while they are open.
    is_open : bool
        Whether there are these, also between two marks.
    """

    page: SharedPage
    watch: Watch
    limit: DataLimit

    def __init__(self, marks: Marks, regions: Regions) -> None:
        self._marks = marks
        self._regions = regions
        self._end = contextlib.ExitStack()
        self._released_bytes = 0
        self.is_open = False

    def open(self, end_path: str) -> None:
        """Create what is kept between two marks; the path is that of `Watch`."""
        number = find_free_signal()
        with contextlib.ExitStack() as undo:
            descriptor = make_page()
            undo.callback(os.close, descriptor)
            self.page = SharedPage(descriptor)
            undo.callback(self.page.close)
            self.watch = Watch(self.page, descriptor, number, end_path)
            undo.callback(self.watch.stop)
            self.limit = DataLimit(0, self.page)
            self._end = undo.pop_all()
        self.is_open = True

    def close(self) -> None:
        """End the watcher, and remove the page."""
        self.is_open = False
        self._end.close()

    def update(self) -> None:
        """Write the marks to the page."""
        self._marks.write(self.page)
        self.page["keeps_ctrl_c"] = int(not self._regions.get_signals)
        self.page["limits_data"] = int(sys.platform == "linux")

    def enter(self, number: int, start_bytes: int, own: Memory) -> None:
        """Hold the code that runs from now on.

        Parameters
        ----------
        number, start_bytes : int
            As in the page.
        own : Memory
            The reading of this process.
        """
        self.update()
        page = self.page
        page["start_bytes"] = start_bytes
        latest = self._regions.latest
        if latest is not None:
            page["began_tick"], page["began_pid"] = latest.began
        page["cell"] = number
        if number:
            self.watch.alert()
        marks = (page["mark_bytes"], page["reserve_bytes"])
        available_bytes = page["available_bytes"]
        room_bytes = find_room(page, marks, self.count_used(own), available_bytes)
        self.limit.move(own, room_bytes, available_bytes)

    def renew(self) -> None:
        """Hold the code that is running already."""
        own = read_memory("self")
        used_bytes = self.count_used(own)
        latest = self._regions.latest
        if latest is None:
            # Threads of the user may go on, so the mark holds between cells, too.
            self.enter(0, used_bytes, own)
            return
        if not latest.is_in_this_thread:
            # What the code of this thread keeps is not due to the other.
            latest.start_bytes = max(latest.start_bytes, used_bytes)
        self.enter(latest.number, latest.start_bytes, own)

    def make_room(self, *, is_ample: bool = False) -> None:
        """Allow some memory above the mark, until guarded code begins again.

        Parameters
        ----------
        is_ample : bool
            Whether to allow as much as other threads may fill for a moment: half of
            what is left until the system would kill.
        """
        if sys.platform == "linux":
            self.page["cell"] = self.page["limits_data"] = 0
            ample_bytes = self.page["available_bytes"] // 2 if is_ample else 0
            self.limit.allow(max(_REPORT_BYTES, ample_bytes))

    def restart_watcher(self) -> str:
        """Restart the watcher if it is not running; return what to warn of."""
        failure = self.watch.describe_failure()
        if not failure:
            return ""
        self.watch.stop()
        try:
            self.watch.wake()
        except MemkitError as error:
            return f"the watcher {failure}: {error}"
        return f"the watcher {failure}; it was started again"

    def read_used(self) -> int:
        """Return the memory in use now."""
        return self.count_used(read_memory("self"))

    def count_used(self, own: Memory) -> int:
        """Add what the watcher last read of the children to a reading."""
        return own.private_bytes + own.shared_bytes + self.page["children_bytes"]

    def is_exceeded(self, mark: tuple[int, int]) -> bool:
        """Return whether the memory is above a mark; as in `find_room`."""
        available_bytes = self.page["available_bytes"]
        return find_room(self.page, mark, self.read_used(), available_bytes) < 0

    def release(self) -> None:
        """Give back what the allocators hold free."""
        before_bytes = self.read_used()
        release_unused()
        released_bytes = max(0, before_bytes - self.read_used())
        self.page["available_bytes"] += released_bytes
        self._released_bytes = read_free_chunk_bytes()

    def refresh(self) -> None:
        """Read children again before a cell starts, if they have much."""
        children_bytes = self.page["children_bytes"]
        mark_bytes = self._marks.lowest(self.page).bytes_now(self.page)
        if children_bytes > _SHARE_TO_RELEASE * mark_bytes:
            # What they have taken since the last reading is not due to the cell.
            self.watch.refresh()

    def release_early(self) -> Memory:
        """Release before a cell starts, if much has become free since last time.

        Returns
        -------
        Memory
            The reading with which the cell starts.
        """
        own = read_memory("self")
        mark_bytes = self._marks.lowest(self.page).bytes_now(self.page)
        if self.count_used(own) < _SHARE_TO_RELEASE * mark_bytes:
            return own
        # Pages that were released belong to the free part of the heap until they are
        # used again.
        free_bytes = read_free_chunk_bytes()
        if free_bytes > self._released_bytes + LEEWAY_BYTES:
            self.release()
            return read_memory("self")
        self._released_bytes = min(self._released_bytes, free_bytes)
        return own
