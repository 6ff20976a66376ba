"""Starts a child process, reads its memory, and ends it."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.measure.children_probe import ChildMemory, children_probe
from jupyter_memkit.measure.descendants import find_descendants
from jupyter_memkit.techniques.processes.channel import Channel, make_memory
from jupyter_memkit.techniques.processes.start_errors import explain_start_error

# The child imports from the same folders. It starts faster without the collector.
_START = """
import gc, sys
gc.disable()
sys.path[:] = {path!r}
from jupyter_memkit.techniques.processes.child import main
main({memory!r}, {hooks!r})
"""


def _find_flags() -> list[str]:
    """Return the options that this Python was started with, such as ``-O``."""
    # multiprocessing uses this function too.
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined] # noqa: SLF001
    return flags


# How long a child may take to exit, in seconds.
_END_S = 5.0

_NO_MEMORY = ChildMemory(rss_bytes=0, high_water_bytes=0)


class ProcessEndedError(IsolatedError):
    """A child has ended before its call was complete.

    Attributes
    ----------
    how : str
        How it ended, such as "was killed (SIGKILL)".
    """

    def __init__(self, message: str, how: str) -> None:
        super().__init__(message)
        self.how = how


class ChildProcess:
    """A new Python process that answers calls, and ends no later than this process.

    It is never a fork: a fork of a process with threads can deadlock.

    Parameters
    ----------
    hooks : str
        The function that creates the child's `Hooks`, as
        ``"package.module:function"``. It is called in the child with its `Output`.
        Empty for no hooks.

    Attributes
    ----------
    channel : Channel
        The connection to it.
    started_s : float
        When it was started, in seconds since the epoch.
    busy : threading.Lock
        Held during a call.

    Raises
    ------
    IsolatedError
        If this Python cannot start another process.
    """

    def __init__(self, hooks: str = "") -> None:
        if not sys.executable:
            message = "sys.executable is empty; set it to the path of this Python"
            raise IsolatedError(message)
        self.started_s = time.time()
        self.busy = threading.Lock()
        # The number of the last call, by which the child recognizes a late Ctrl-C.
        self.n_calls = 0
        self._probe = children_probe()
        files: tuple[int, ...] = ()
        try:
            memory, name, files = make_memory()
            options: dict[str, Any] = {"start_new_session": True, "pass_fds": files}
            if sys.platform == "win32":
                options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
            start = _START.format(path=sys.path, memory=name, hooks=hooks)
            # Ctrl-C in a terminal goes to a whole session, so the child has its own.
            self._process = subprocess.Popen(  # noqa: S603 - this Python, our own code
                [sys.executable, *_find_flags(), "-c", start],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                **options,
            )
        except OSError as error:
            message = explain_start_error(error)
            raise IsolatedError(message) from error
        finally:
            for file in files:
                os.close(file)
        # Without its buffer, because a thread waits for it.
        reads = cast("Any", self._process.stdout).detach()
        self._writes = cast("Any", self._process.stdin)
        self._errors = cast("Any", self._process.stderr)
        self.channel = Channel(reads, self._writes, memory)
        # A C callback: a signal that arrives in a Python callback would be lost.
        key = id(self)
        _open[key] = weakref.ref(self, partial(_open.pop, key))

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it is still running."""
        return self._process.poll() is None

    def read_errors(self) -> bytes:
        """Wait for output that bypasses Python; return nothing once it has ended."""
        try:
            return os.read(self._errors.fileno(), 1 << 16)
        except (OSError, ValueError):
            return b""

    def read_memory(self) -> ChildMemory:
        """Return its own memory, now and at its peak."""
        return self._probe.read(self.pid) or _NO_MEMORY

    def read_family_bytes(self) -> int:
        """Return the memory of the process and its descendants."""
        family = [self.pid, *find_descendants(self.pid)]
        readings = (self._probe.read(pid) for pid in family)
        return sum(reading.rss_bytes for reading in readings if reading is not None)

    def describe_end(self) -> str:
        """Return how the process has ended, such as "was killed (SIGKILL)"."""
        code = self._process.wait()
        if code >= 0:
            return f"ended itself with status {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"was killed ({name})"

    def close(self, interrupts: Interrupts) -> None:
        """Let it exit, and kill its descendants.

        Parameters
        ----------
        interrupts : Interrupts
            Entered by the caller. Ctrl-C only ends the wait for the exit.
        """
        try:
            with interrupts.allowed():
                with contextlib.suppress(OSError, ValueError):
                    # At the end of its input it runs its exit handlers and flushes its
                    # files.
                    self._writes.close()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(timeout=_END_S)
        finally:
            self.end()

    def end(self) -> None:
        """Kill it, and release its resources."""
        _open.pop(id(self), None)
        self.kill()
        self._process.wait()
        self.channel.close()
        self._errors.close()

    def kill(self) -> None:
        """Kill it and its descendants."""
        family = [] if self._process.returncode is not None else [self.pid]
        family += find_descendants(self.pid) if family else []
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.pid, signal.SIGKILL)
        for pid in family:
            with contextlib.suppress(OSError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


@contextmanager
def open_process(hooks: str = "") -> Iterator[ChildProcess]:
    """Start a child that ends with the block, wherever Ctrl-C arrives.

    Parameters
    ----------
    hooks : str
        As for `ChildProcess`.
    """
    __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
    with Interrupts() as interrupts:
        process = ChildProcess(hooks)
        try:
            with interrupts.allowed(repeatedly=True):
                yield process
        finally:
            process.close(interrupts)


# By identity, as long as they live.
_open: dict[int, weakref.ref[ChildProcess]] = {}


@atexit.register
def _end_all() -> None:
    """End the remaining children when Python exits."""
    for reference in list(_open.values()):
        process = reference()
        if process is not None:
            with Interrupts() as interrupts:
                process.close(interrupts)
