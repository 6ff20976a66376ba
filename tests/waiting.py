"""Waits for events, never for a fixed time."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

# Far more than a busy machine needs; ends a test that would otherwise hang.
LIMIT_S = 300.0


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return as soon as a condition is true; fail if it never is."""
    deadline_s = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline_s, "this did not happen"
        time.sleep(0.01)


def has_ended(pid: int) -> bool:
    """Return whether a process has ended, also if nobody has asked for its status."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def press_ctrl_c() -> None:
    """Interrupt the main thread, from any thread.

    A signal to the process could be delivered to a thread that does not run for a
    while.
    """
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def interrupt_when(path: Path) -> threading.Thread:
    """Send Ctrl-C to this process when a file exists."""

    def wait() -> None:
        wait_until(path.exists)
        press_ctrl_c()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread
