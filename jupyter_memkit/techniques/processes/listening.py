"""Takes what a child sends in a call, and shows what it prints."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from collections.abc import Callable
from queue import Empty, Queue
from typing import Any

from jupyter_memkit.techniques.processes.channel import IDLE, OUTPUT, Record
from jupyter_memkit.techniques.processes.process import ChildProcess

# What the threads here put among the records of the child: what was written past
# Python, the end of that, and the end of all.
_RAW = b"r"
_FENCE = b"f"
_GONE = b"g"

_FENCE_START = b"\0"

# So much can wait to be shown, so that a child that prints without end has to wait.
_MOST_RECORDS = 32

_WAIT_S = 0.05

# How long a thread may take to see that the process is gone.
_JOIN_S = 1.0


class Gone(Exception):  # noqa: N818 - a signal: the caller finds words for it
    """The process is gone."""


class Listener:
    """Takes what belongs to a call, on two threads, and shows it on the caller's.

    Parameters
    ----------
    process : ChildProcess
        The child.
    show : callable, optional
        Takes what is printed and shown there; by default text is printed.

    Attributes
    ----------
    fence : bytes
        What the child writes past Python when the call has ended.
    """

    def __init__(
        self, process: ChildProcess, show: Callable[[str, Any], None] | None
    ) -> None:
        self.fence = _FENCE_START + os.urandom(8).hex().encode()
        self._process = process
        self._show = show or _print
        self._records: Queue[Record] = Queue(_MOST_RECORDS)
        self._is_idle = self._is_fenced = False
        self._threads = [
            threading.Thread(target=target, name="memkit-isolated", daemon=True)
            for target in (self._read, self._read_raw)
        ]

    @property
    def has_ended(self) -> bool:
        """Whether all that belongs to the call has come."""
        return self._is_idle and self._is_fenced

    @property
    def is_still(self) -> bool:
        """Whether nothing waits to be taken."""
        return self._records.empty()

    def start(self) -> None:
        """Start to listen."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop, when the call has ended or the process is gone."""
        deadline_s = time.monotonic() + _JOIN_S
        while any(thread.is_alive() for thread in self._threads):
            while not self._records.empty():
                self._records.get_nowait()
            for thread in self._threads:
                thread.join(_WAIT_S / 10)
            if time.monotonic() > deadline_s:
                # Somebody who is no longer its child holds its pipe.
                return

    def take(self) -> Record | None:
        """Wait a little, and return what is no output; None when there was nothing.

        Raises
        ------
        Gone
            When the process is.
        """
        try:
            record = self._records.get(timeout=_WAIT_S)
        except Empty:
            return None
        if record.kind == _GONE:
            self._show_last()
            raise Gone
        if record.kind == OUTPUT:
            self._show(*pickle.loads(record.payload))  # noqa: S301 - our child
        elif record.kind == _RAW:
            self._show("stdout", record.payload.decode("utf-8", "replace"))
        elif record.kind == _FENCE:
            self._is_fenced = True
        elif record.kind == IDLE:
            self._is_idle = True
        else:
            return record
        return None

    def _show_last(self) -> None:
        """Show what the process wrote before it ended."""
        deadline_s = time.monotonic() + _JOIN_S
        while not self._is_fenced and time.monotonic() < deadline_s:
            self.take()

    def _read(self) -> None:
        while True:
            record = self._process.channel.receive() or Record(_GONE, 0)
            self._records.put(record)
            if record.kind in (_GONE, IDLE):
                return

    def _read_raw(self) -> None:
        kept = fence = b""
        while not fence and (data := self._process.read_errors()):
            text, fence, _ = (kept + data).partition(self.fence)
            # What may be the start of the fence waits for the rest of it.
            place = text.find(_FENCE_START, max(0, len(text) - len(self.fence)))
            n_shown = len(text) if fence or place < 0 else place
            text, kept = text[:n_shown], text[n_shown:]
            if text:
                self._records.put(Record(_RAW, 0, text))
        self._records.put(Record(_FENCE, 0))


def _print(kind: str, content: Any) -> None:
    """Print text; there is nobody to show displays to."""
    stream = {"stdout": sys.stdout, "stderr": sys.stderr}.get(kind)
    if stream is not None:
        stream.write(content)
        stream.flush()
