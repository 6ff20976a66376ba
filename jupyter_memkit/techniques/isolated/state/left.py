"""Finds what is still running after a call, and would end with its process."""

from __future__ import annotations

import _thread
import atexit
import os
import threading
from pathlib import Path

from jupyter_memkit.measure.descendants import find_descendants


class Running:
    """The threads, processes and exit handlers of this process at one moment."""

    def __init__(self) -> None:
        self._threads = {thread.ident for thread in threading.enumerate()}
        self._n_threads = _thread._count()  # noqa: SLF001 - also counts nameless ones
        self._processes = set(find_descendants(os.getpid()))
        self._n_exits = _count_exits()

    def find_new(self) -> tuple[str, ...]:
        """Return what was started since and has not ended."""
        threads = [
            f"thread {thread.name}"
            for thread in threading.enumerate()
            if thread.ident not in self._threads
        ]
        n_nameless = _thread._count() - self._n_threads - len(threads)  # noqa: SLF001
        threads += _count("thread", n_nameless, " without a name")
        processes = [
            f"process {pid}{_name(pid)}"
            for pid in find_descendants(os.getpid())
            if pid not in self._processes
        ]
        exits = _count("exit handler", _count_exits() - self._n_exits)
        return (*threads, *processes, *exits)


def _count(what: str, number: int, which: str = "") -> list[str]:
    plural = "s" if number > 1 else ""
    return [f"{number} {what}{plural}{which}"] if number > 0 else []


def _count_exits() -> int:
    count: int = getattr(atexit, "_ncallbacks", lambda: 0)()
    return count


def _name(pid: int) -> str:
    try:
        return f" ({Path(f'/proc/{pid}/comm').read_text().strip()})"
    except OSError:
        return ""
