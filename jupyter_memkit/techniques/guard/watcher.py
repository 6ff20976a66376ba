"""The watcher: a small process that stops a cell before the system kills its kernel.

It runs outside the kernel, so a call that holds the GIL does not stop it. It is not a
child of the kernel, so code that waits for all its children never sees it, and it ends
when the kernel ends. It imports almost nothing, to stay below 12 MiB. The closer the
mark, the more often it reads. Between cells, and while a cell is far from the mark, it
takes at most three thousandths of a core.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

from jupyter_memkit.measure.headroom import read_use
from jupyter_memkit.measure.proc_files import read_stat_columns
from jupyter_memkit.techniques.guard.data_limit import DataLimit
from jupyter_memkit.techniques.guard.family import Family, Memory
from jupyter_memkit.techniques.guard.programs import Programs
from jupyter_memkit.techniques.guard.shared import SharedPage

# Every cell may take this much, even if it starts at the mark or above it: to delete
# variables, to free memory, and to report.
LEEWAY_BYTES = 64 << 20

# The share of a core, in the long run, and how much may be saved up for a climb.
_SHARE = 3 / 1000
_MOST_SAVED_S = 0.05
_LONGEST_S = 0.25
_SHORTEST_S = 0.002
# Faster than memory can be filled.
_FILLING_BYTES_PER_S = 8 << 30
_AGAIN_S = 0.1
# How long savings that are spent can make a pause, and by how much while a cell runs:
# what it fills meanwhile is above the mark.
_RESTING_S = 1.0
_MOST_LATE_S = 0.03
# That of a program that must react at once. Only the administrator may set it.
_PRIORITY = -10
# The marks in the page.
_STOPS = ("mark_bytes", "reserve_bytes")
_WARNS = ("warn_bytes", "warn_reserve_bytes")
# The last column of /proc/<pid>/stat, counted from the one after the name.
_EXIT_STATUS = 49
# A cell that has not handled the signal for so long is in a call of a library, which
# may react to Ctrl-C.
_UNHANDLED_S = 1.0


def main(
    kernel: int,
    page: int,
    link: int,
    number: int,
    limits: list[tuple[int, str]],
    end_path: str = "",
) -> None:
    """Detach from the kernel, then watch it until it ends.

    Parameters
    ----------
    kernel : int
        Its process.
    page, link : int
        The file of the `SharedPage`, and a socket whose other end the kernel holds.
    number : int
        The signal that stops a cell.
    limits : list of (int, str)
        The limits in bytes, and what counts against each.
    end_path : str
        The file in which to write how the kernel ended; empty for none.
    """
    shared = SharedPage(page)
    if hasattr(os, "fork"):
        watcher = os.fork()
        if watcher:
            shared["pid"] = watcher
            os._exit(0)
        # The kernel reads the errors of the start until this end is closed.
        os.dup2(1, 2)
        try:  # noqa: SIM105 - contextlib is large
            # It has to react while threads and other processes use all cores.
            os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)
        except OSError:
            pass
    shared["pid"] = os.getpid()
    Watcher(kernel, shared, number, limits).run(link)
    if end_path:
        leave_end(kernel, shared, end_path)


class Watcher:
    """Reads the memory of a kernel, and acts at the mark."""

    def __init__(
        self,
        kernel: int,
        page: SharedPage,
        number: int,
        limits: list[tuple[int, str]],
    ) -> None:
        self._kernel = kernel
        self._page = page
        self._number = number
        self._limits = limits
        self._family = Family(kernel)
        self._data_limit = DataLimit(kernel, page)
        self._programs = Programs(kernel)
        self._sent_s = self._first_sent_s = 0.0
        self._searched_bytes = -1

    def run(self, link: int) -> None:
        """Watch until the kernel ends or closes the link."""
        wait = _Wait(self._kernel, link)
        allowance = _Allowance()
        while True:
            page = self._page
            pause_s = None
            if any(page[field] for field in (*_STOPS, *_WARNS)):
                page["asleep"] = 0
                try:  # noqa: SIM105 - contextlib is large
                    self.look()
                except (OSError, ValueError):
                    # It has ended, as the wait will find, or has too many open files.
                    pass
                pause_s = allowance.lengthen(
                    self._pause_s(), is_urgent=page["cell"] > 0
                )
            else:
                page["asleep"] = 1
            if wait.is_over(pause_s):
                return

    def look(self) -> None:
        """Read the memory once, move the limit, and stop the cell above a mark."""
        page = self._page
        # Read first, so that no reading from before its start counts for a cell.
        running = page["cell"]
        own, used_bytes, children_bytes = self._family.read()
        if running:
            self._keep_peak(running, used_bytes, own.data_bytes)
        page["used_bytes"] = used_bytes
        page["children_bytes"] = children_bytes
        page["available_bytes"] = available_bytes = self._read_available(used_bytes)
        room_bytes = self._read_room(_STOPS, used_bytes, available_bytes)
        warned_bytes = self._read_room(_WARNS, used_bytes, available_bytes)
        page["room_bytes"] = min(room_bytes, warned_bytes)
        page["read_ns"] = time.monotonic_ns()
        self._find_aborting(own)
        self._data_limit.move(own, room_bytes, available_bytes)
        self._data_limit.lift(self._family.children)
        cell = page["cell"]
        if cell and room_bytes < 0:
            self._stop(cell, used_bytes)
        elif cell and warned_bytes < 0:
            # The process finds out which marks are reached.
            self._send(time.monotonic())

    def _keep_peak(self, cell: int, used_bytes: int, data_bytes: int) -> None:
        page = self._page
        if page["peak_cell"] != cell:
            page["peak_bytes"] = page["peak_data_bytes"] = 0
            page["peak_cell"] = cell
        page["peak_bytes"] = max(page["peak_bytes"], used_bytes)
        page["peak_data_bytes"] = max(page["peak_data_bytes"], data_bytes)

    def _read_room(
        self, marks: tuple[str, str], used_bytes: int, available_bytes: int
    ) -> int:
        mark_bytes, reserve_bytes = map(self._page.__getitem__, marks)
        return find_room(
            self._page, (mark_bytes, reserve_bytes), used_bytes, available_bytes
        )

    def _pause_s(self) -> float:
        filled_s = self._page["room_bytes"] / _FILLING_BYTES_PER_S
        return min(_LONGEST_S, max(_SHORTEST_S, filled_s))

    def _read_available(self, used_bytes: int) -> int:
        available_bytes = sys.maxsize
        for limit_bytes, counter in self._limits:
            try:
                left_bytes = limit_bytes - read_use(counter, used_bytes)
            except (OSError, ValueError):
                continue
            available_bytes = min(available_bytes, left_bytes)
        return available_bytes

    def _find_aborting(self, own: Memory) -> None:
        """Look for libraries that abort, whenever one was loaded since last time."""
        page = self._page
        is_same = own.library_bytes == self._searched_bytes
        if page["aborts"] or is_same or sys.platform != "linux":
            return
        self._searched_bytes = own.library_bytes
        with open(f"/proc/{self._kernel}/maps", "rb") as maps:  # noqa: PTH123 - small
            page["aborts"] = any(b"polars" in line for line in maps)

    def _stop(self, cell: int, used_bytes: int) -> None:
        page = self._page
        now_s = time.monotonic()
        if page["stopped_cell"] != cell:
            page["stopped_bytes"] = used_bytes
            page["stopped_cell"] = cell
            self._sent_s = 0.0
            self._first_sent_s = now_s
        if not self._send(now_s):
            return
        is_handled = page["handled_cell"] == cell
        if is_handled or now_s - self._first_sent_s <= _UNHANDLED_S:
            return
        self._first_sent_s = now_s
        self._interrupt_programs(cell)
        # An allocation that fails ends such a call, too, and Ctrl-C would arrive while
        # its error is shown.
        has_one_belt = not page["limits_data"] or page["aborts"]
        if has_one_belt and not page["keeps_ctrl_c"]:
            page["interrupted_cell"] = cell
            os.kill(self._kernel, signal.SIGINT)

    def _interrupt_programs(self, cell: int) -> None:
        """Interrupt what a cell has started and may be waiting for in its call."""
        page = self._page
        # The call can return at once.
        page["programs_cell"] = cell
        if not self._programs.interrupt((page["began_tick"], page["began_pid"])):
            page["programs_cell"] = 0

    def _send(self, now_s: float) -> bool:
        """Send the signal, unless that was just done; return whether it was sent."""
        if now_s - self._sent_s < _AGAIN_S:
            return False
        self._sent_s = now_s
        os.kill(self._kernel, self._number)
        return True


def find_room(
    page: SharedPage, mark: tuple[int, int], used_bytes: int, available_bytes: int
) -> int:
    """Return how many bytes may still be taken; negative above a mark.

    Parameters
    ----------
    page : SharedPage
        The use when the cell started or the last one ended.
    mark : (int, int)
        The mark in bytes, and the reserve; 0 for none.
    used_bytes : int
        The memory of the process and its children.
    available_bytes : int
        What is left until the first limit.
    """
    rooms = []
    mark_bytes, reserve_bytes = mark
    if mark_bytes:
        rooms.append(mark_bytes - used_bytes)
    if reserve_bytes:
        rooms.append(available_bytes - reserve_bytes)
    room_bytes = min(rooms, default=sys.maxsize)
    return max(room_bytes, page["start_bytes"] + LEEWAY_BYTES - used_bytes)


def leave_end(kernel: int, page: SharedPage, path: str) -> None:
    """Write how the kernel ended, unless it ended in an orderly way.

    Parameters
    ----------
    kernel : int
        Its process. Its exit status is known until its parent has asked for it.
    page : SharedPage
        The last reading.
    path : str
        The file, next to the state that the kernel removes at a clean end.
    """
    state = path[: path.rindex(".")] + ".json"
    if not os.path.exists(state):  # noqa: PTH110 - pathlib is large
        return
    try:
        status = int(read_stat_columns(kernel)[_EXIT_STATUS])
    except (OSError, ValueError, IndexError):
        return
    children_bytes = page["children_bytes"]
    kernel_bytes = page["used_bytes"] - children_bytes
    text = (
        f'{{"exit_status": {status}, "rss_bytes": {kernel_bytes}, '
        f'"children_bytes": {children_bytes}, "t_s": {time.time()}}}'
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(descriptor, text.encode())
    os.close(descriptor)


class _Allowance:
    """Limits the watcher's share of a core, with savings for the moments that count."""

    def __init__(self) -> None:
        self._saved_s = 0.0
        self._clock_s = time.monotonic()
        self._spent_s = time.process_time()

    def lengthen(self, pause_s: float, *, is_urgent: bool) -> float:
        """Return a pause of at least this length, longer if the savings are spent."""
        clock_s, spent_s = time.monotonic(), time.process_time()
        earned_s = (clock_s - self._clock_s) * _SHARE
        self._saved_s += earned_s - (spent_s - self._spent_s)
        self._saved_s = min(self._saved_s, _MOST_SAVED_S)
        self._clock_s, self._spent_s = clock_s, spent_s
        longest_s = pause_s + _MOST_LATE_S if is_urgent else _RESTING_S
        return min(longest_s, max(pause_s, -self._saved_s / _SHARE))


class _Wait:
    """Waits for a time, or until the kernel ends or writes to the link."""

    def __init__(self, kernel: int, link: int) -> None:
        self._link = link
        self._files = [link]
        # Without it, a forked child of the kernel keeps the link open.
        if hasattr(os, "pidfd_open"):
            try:  # noqa: SIM105 - contextlib is large
                self._files.append(os.pidfd_open(kernel))
            except OSError:
                # The system is too old, or a sandbox refuses it.
                pass

    def is_over(self, wait_s: float | None) -> bool:
        """Wait, and return whether the kernel has ended or closed the link."""
        ready = select.select(self._files, [], [], wait_s)[0]
        has_closed = self._link in ready and not os.read(self._link, 64)
        return has_closed or any(file != self._link for file in ready)
