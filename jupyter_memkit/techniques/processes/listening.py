"""Receives the records that a child sends during a call, and shows its output."""

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

# Records from the listener's own threads: output that bypasses Python, the end of that
# output, and the end of the process.
_RAW = b"r"
_FENCE = b"f"
_GONE = b"g"

_FENCE_START = b"\0"

# When this many records are waiting, a child that prints more has to wait.
_MOST_RECORDS = 32

_WAIT_S = 0.05

# How long a thread may take to notice the end of the process, in seconds.
_JOIN_S = 1.0


class Gone(Exception):  # noqa: N818 - a signal; the caller describes the end
    """The process has ended."""


class Listener:
    """Receives the records of calls on two threads, and shows output on the caller's.

    Parameters
    ----------
    process : ChildProcess
        The child.
    lasts : bool
        Whether the threads keep running after a call, so that the next one starts
        sooner; they then end with the process.

    Attributes
    ----------
    fence : bytes
        Written by the child to standard error at the end of each call.
    lasts : bool
        As passed.
    """

    def __init__(self, process: ChildProcess, *, lasts: bool = False) -> None:
        self.fence = _FENCE_START + os.urandom(8).hex().encode()
        self.lasts = lasts
        self._process = process
        self._show: Callable[[str, Any], None] = print_output
        self._records: Queue[Record] = Queue(_MOST_RECORDS)
        self._is_idle = self._is_fenced = False
        self._threads = [
            threading.Thread(target=target, name="memkit-listener", daemon=True)
            for target in (self._read, self._read_raw)
        ]

    @property
    def has_ended(self) -> bool:
        """Whether all records of the call have arrived."""
        return self._is_idle and self._is_fenced

    @property
    def is_still(self) -> bool:
        """Whether no record is waiting."""
        return self._records.empty()

    def begin(self, show: Callable[[str, Any], None] | None) -> None:
        """Receive the records of a call, and show its output with a function."""
        self._show = show or print_output
        self._is_idle = self._is_fenced = False
        for thread in self._threads:
            if thread.ident is None:
                thread.start()

    def stop(self) -> None:
        """Wait for the threads, after the end of the call or of the process."""
        deadline_s = time.monotonic() + _JOIN_S
        while any(thread.is_alive() for thread in self._threads):
            while not self._records.empty():
                self._records.get_nowait()
            for thread in self._threads:
                thread.join(_WAIT_S / 10)
            if time.monotonic() > deadline_s:
                # A process that is no longer a descendant holds the pipe open.
                return

    def take(self) -> Record | None:
        """Return the next record that is not output; None if none arrived for a while.

        Raises
        ------
        Gone
            If the process has ended.
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
        """Show output that bypassed Python before the process ended."""
        deadline_s = time.monotonic() + _JOIN_S
        while not self._is_fenced and time.monotonic() < deadline_s:
            self.take()

    def _read(self) -> None:
        while True:
            record = self._process.channel.receive() or Record(_GONE, 0)
            self._records.put(record)
            if record.kind == _GONE or (record.kind == IDLE and not self.lasts):
                return

    def _read_raw(self) -> None:
        kept = b""
        while data := self._process.read_errors():
            text, fence, rest = (kept + data).partition(self.fence)
            # Text that may be the start of the fence waits for the rest.
            place = text.find(_FENCE_START, max(0, len(text) - len(self.fence)))
            n_shown = len(text) if fence or place < 0 else place
            kept = rest if fence else text[n_shown:]
            if n_shown:
                self._records.put(Record(_RAW, 0, text[:n_shown]))
            if fence:
                self._records.put(Record(_FENCE, 0))
                if not self.lasts:
                    return
        self._records.put(Record(_FENCE, 0))


def print_output(kind: str, content: Any) -> None:
    """Print text to its stream, and drop other content."""
    stream = {"stdout": sys.stdout, "stderr": sys.stderr}.get(kind)
    if stream is not None:
        stream.write(content)
        stream.flush()
