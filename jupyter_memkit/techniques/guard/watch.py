"""Starts the watcher of this process, checks that it is running, and ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.limits import read_limits
from jupyter_memkit.techniques.guard.shared import SharedPage
from jupyter_memkit.techniques.processes.descriptors import move_above_streams
from jupyter_memkit.techniques.processes.detached import start_detached

# It reads four times a second; a machine can be busy.
_LATE_NS = 5_000_000_000
_FRESH_NS = 50_000_000

# It needs less than a millisecond to wake, and some to start.
_SHORTLY_S = 0.0005


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
    end_path : str
        The file in which it writes how the process ended; empty for none.
    """

    def __init__(
        self, page: SharedPage, descriptor: int, number: int, end_path: str = ""
    ) -> None:
        self._page = page
        self._descriptor = descriptor
        self.number = number
        self._end_path = end_path
        self._link: socket.socket | None = None

    @property
    def pid(self) -> int:
        """The id of its process; 0 if it has not started."""
        return self._page["pid"]

    def wake(self) -> None:
        """Let it watch; it has taken a reading when this returns.

        Raises
        ------
        MemkitError
            If it cannot be started, or gives no reading.
        """
        self._page["read_ns"] = 0
        if not self._tell("read_ns"):
            self._start()

    def sleep(self) -> None:
        """Let it sleep until `wake`; once this returns, it changes nothing."""
        self._page["mark_bytes"] = self._page["reserve_bytes"] = 0
        self._page["warn_bytes"] = self._page["warn_reserve_bytes"] = 0
        self._page["cell"] = self._page["limits_data"] = self._page["asleep"] = 0
        if not self._tell("asleep"):
            self.stop()

    def _start(self) -> None:
        self.stop()
        self._page["pid"] = self._page["read_ns"] = 0
        here, other = socket.socketpair()
        there = move_above_streams(other.detach())
        with contextlib.ExitStack() as after, contextlib.ExitStack() as undo:
            after.callback(os.close, there)
            undo.callback(here.close)
            limits = [(int(each.bytes), each.counter) for each in read_limits()]
            start_detached(
                "jupyter_memkit.techniques.guard.watcher",
                (
                    *(os.getpid(), self._descriptor, there, self.number),
                    *(limits, self._end_path),
                ),
                (self._descriptor, there),
            )
            undo.pop_all()
        self._link = here
        here.settimeout(0)
        if not self._wait("read_ns"):
            failure = self.describe_failure()
            self.stop()
            message = (
                f"nothing is guarded, because the watcher {failure} and has read "
                "nothing; try it again"
            )
            raise MemkitError(message)

    def refresh(self) -> None:
        """Wait for a new reading, but hardly longer than it takes an idle machine."""
        before_ns = self._page["read_ns"]
        self._page["read_ns"] = 0
        if not self._tell("read_ns", _FRESH_NS) and not self._page["read_ns"]:
            self._page["read_ns"] = before_ns

    def alert(self) -> None:
        """End a pause in which it rests, without waiting for its reading."""
        if self._link is not None:
            with contextlib.suppress(OSError):
                self._link.send(b"!")

    def _tell(self, field: str, limit_ns: int = _LATE_NS) -> bool:
        """Wake it, and return whether it has set a field, as it does while it works."""
        if self._link is None or self._has_ended():
            return False
        self.alert()
        return self._wait(field, limit_ns)

    def _wait(self, field: str, limit_ns: int = _LATE_NS) -> bool:
        deadline_ns = time.monotonic_ns() + limit_ns
        while not self._page[field]:
            if self._has_ended() or time.monotonic_ns() > deadline_ns:
                return False
            time.sleep(_SHORTLY_S)
        return True

    def describe_failure(self) -> str:
        """Return what is wrong with it; empty if it works."""
        if self._has_ended():
            return "has ended"
        if self._page["read_ns"] + _LATE_NS < time.monotonic_ns():
            return "does not respond"
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


def find_free_signal() -> int:
    """Return a signal without a handler.

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
