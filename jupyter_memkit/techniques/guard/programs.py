"""The programs that guarded code has started, which a stop interrupts.

A stop does what Ctrl-C in Jupyter does. The signal reaches the group of the process,
and IPython passes it on to the command of a ``!``, which has its own terminal. Programs
in their own session continue, as do all that are older than the code.

The watcher must stay small, so this module imports almost nothing.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

from jupyter_memkit.measure.descendants import find_descendants
from jupyter_memkit.measure.proc_files import read_proc_file, read_stat_columns

# Columns of /proc/<pid>/stat, counted from the one after the name.
_STATE = 0
_GROUP = 2
_TERMINAL = 4
_FOREGROUND_GROUP = 5
_START = 19
_NO_TERMINAL = b"0"
_ENDED = (b"Z", b"X")

_AGAIN_S = 1.0
# How long a report waits for what was interrupted.
_LONGEST_END_S = 0.5
_SHORTLY_S = 0.005

Moment = tuple[int, int]
"""A time in the system's ticks, and the latest process at that time."""


def read_moment() -> Moment:
    """Return the current moment.

    A tick is ten milliseconds. Within one, the ids of processes show their order.
    """
    if sys.platform != "linux":
        return int(time.time()), 0
    ticks = int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))
    try:
        latest = int(read_proc_file("/proc/loadavg").split()[4])
    except (OSError, ValueError, IndexError):
        latest = 0
    # Where a sandbox hides it, what started in this tick counts as older.
    return ticks, latest or sys.maxsize


def find_started(pid: int, since: Moment) -> list[int]:
    """Return the descendants of a process that have started since and still run.

    Parameters
    ----------
    pid : int
        The process.
    since : (int, int)
        The moment, from `read_moment`.
    """
    return [each for each, _ in _iterate_started(pid, since)]


def has_started(thread: int, since: Moment) -> bool:
    """Return whether a thread of this process has started since a moment.

    Parameters
    ----------
    thread : int
        The system's id of the thread.
    since : (int, int)
        The moment, from `read_moment`.
    """
    try:
        columns = read_stat_columns(f"self/task/{thread}")
        return (int(columns[_START]), thread) > since
    except (OSError, ValueError, IndexError):
        # It has ended, or the system does not report it.
        return False


class Programs:
    """Interrupts what guarded code of a process has started.

    Parameters
    ----------
    pid : int
        The process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._sent_s: dict[int, float] = {}

    def interrupt(self, since: Moment) -> bool:
        """Interrupt what Ctrl-C would, and return whether there is anything.

        Each gets the signal once a second at most, because a second one would interrupt
        what it does at its end.

        Parameters
        ----------
        since : (int, int)
            When the guarded code began.
        """
        reached = list(_iterate_reached(self._pid, since))
        now_s = time.monotonic()
        for program in reached:
            if now_s - self._sent_s.get(program, -_AGAIN_S) < _AGAIN_S:
                continue
            self._sent_s[program] = now_s
            try:
                os.kill(program, signal.SIGINT)
            except OSError:
                # It has ended, or belongs to another user.
                continue
        return bool(reached)

    def find_left(self, since: Moment) -> list[int]:
        """Return what still runs, after some time for what was interrupted."""
        deadline_s = time.monotonic() + _LONGEST_END_S
        while True:
            left = find_started(self._pid, since)
            is_ending = any(program in self._sent_s for program in left)
            if not is_ending or time.monotonic() > deadline_s:
                return left
            time.sleep(_SHORTLY_S)


def _iterate_reached(pid: int, since: Moment) -> Iterator[int]:
    """Yield the programs that Ctrl-C for a process reaches."""
    for program, columns in _iterate_started(pid, since):
        try:
            is_reached = os.getpgid(program) == os.getpgid(pid)
            is_reached = is_reached or _has_terminal(pid, columns)
        except (OSError, ValueError):
            # It has ended.
            continue
        if is_reached:
            yield program


def _has_terminal(pid: int, columns: list[bytes]) -> bool:
    """Return whether a program has the foreground of its own terminal."""
    if not columns or columns[_TERMINAL] == _NO_TERMINAL:
        return False
    own_terminal = read_stat_columns(pid)[_TERMINAL]
    is_in_foreground = columns[_GROUP] == columns[_FOREGROUND_GROUP]
    return is_in_foreground and columns[_TERMINAL] != own_terminal


def _iterate_started(pid: int, since: Moment) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the programs, with their columns of ``/proc/<pid>/stat`` on Linux."""
    for each in find_descendants(pid):
        try:
            if sys.platform != "linux":
                if _read_start(each) >= since[0]:
                    yield each, []
                continue
            columns = read_stat_columns(each)
            start = int(columns[_START]), each
        except (OSError, ValueError, IndexError):
            # It has ended.
            continue
        if columns[_STATE] not in _ENDED and start > since:
            yield each, columns


def _read_start(pid: int) -> float:
    import psutil  # noqa: PLC0415 - on Linux it is not needed

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return 0.0
        return float(process.create_time())
    except psutil.Error:
        return 0.0
