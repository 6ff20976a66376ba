"""What goes on when a call has ended, and ends with its process."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from pathlib import Path

from jupyter_memkit.measure.descendants import find_descendants


class Running:
    """What runs in this process at one moment."""

    def __init__(self) -> None:
        self._threads = set(sys._current_frames())  # noqa: SLF001 - also those of C
        self._processes = set(find_descendants(os.getpid()))
        self._n_exits = _count_exits()

    def find_new(self) -> tuple[str, ...]:
        """Return what has begun since and has not ended."""
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        threads = [
            f"thread {names.get(ident, ident)}"
            for ident in sys._current_frames()  # noqa: SLF001 - as above
            if ident not in self._threads
        ]
        processes = [
            f"process {pid}{_name(pid)}"
            for pid in find_descendants(os.getpid())
            if pid not in self._processes
        ]
        n_exits = _count_exits() - self._n_exits
        exits = [f"{n_exits} exit handlers"] if n_exits > 1 else []
        exits += ["1 exit handler"] if n_exits == 1 else []
        return (*threads, *processes, *exits)


def _count_exits() -> int:
    count: int = getattr(atexit, "_ncallbacks", lambda: 0)()
    return count


def _name(pid: int) -> str:
    try:
        return f" ({Path(f'/proc/{pid}/comm').read_text().strip()})"
    except OSError:
        return ""
