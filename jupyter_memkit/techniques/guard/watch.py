"""Starts the watcher of this process, checks that it is at work, and ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time

from jupyter_memkit.measure.limits import read_limits
from jupyter_memkit.techniques.guard.shared import SharedPage
from jupyter_memkit.techniques.processes.detached import start_detached

# It reads four times a second; a machine can be busy.
_LATE_NS = 5_000_000_000
# It takes some milliseconds to start.
_START_S = 0.001


class Watch:
    """The watcher, as its process sees it.

    Parameters
    ----------
    page : SharedPage
        What both share.
    descriptor : int
        The file of the page.
    number : int
        The signal that it sends.
    """

    def __init__(self, page: SharedPage, descriptor: int, number: int) -> None:
        self._page = page
        self._descriptor = descriptor
        self._number = number
        self._link: socket.socket | None = None

    @property
    def pid(self) -> int:
        """The id of its process; 0 if it has not started."""
        return self._page["pid"]

    def start(self) -> None:
        """Start it; it has taken its first reading when this returns."""
        self._page["pid"] = self._page["read_ns"] = 0
        here, there = socket.socketpair()
        with there, contextlib.ExitStack() as undo:
            undo.callback(here.close)
            limits = [(int(each.bytes), each.counter) for each in read_limits()]
            start_detached(
                "jupyter_memkit.techniques.guard.watcher",
                (os.getpid(), self._descriptor, there.fileno(), self._number, limits),
                (self._descriptor, there.fileno()),
            )
            undo.pop_all()
        self._link = here
        here.settimeout(0)
        while not self._page["read_ns"] and not self._has_ended():
            time.sleep(_START_S)

    def describe_failure(self) -> str:
        """Return what is wrong with it; empty if it is at work."""
        if self._has_ended():
            return "has ended"
        if self._page["read_ns"] + _LATE_NS < time.monotonic_ns():
            return "does not react"
        return ""

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        if self._link is None:
            return
        if not self._has_ended():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._link.settimeout(None)
            with contextlib.suppress(OSError):
                self._link.recv(1)
        self._link.close()
        self._link = None

    def _has_ended(self) -> bool:
        """Return whether its end of the link is closed; it sends nothing."""
        if self._link is None:
            return True
        try:
            self._link.recv(1)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
