"""Runs a function over chunks in several processes, with the results in order."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FuturesTimeout
from queue import SimpleQueue
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.interrupts import Interrupts
from jupyter_memkit.techniques.chunked.portable import dump_function
from jupyter_memkit.techniques.chunked.run import Outcome, Position, add_note
from jupyter_memkit.techniques.chunked.shipping import (
    pack_piece,
    settle_types,
    shippable_pieces,
    without_load,
)
from jupyter_memkit.techniques.chunked.sources.base import Request, Source
from jupyter_memkit.techniques.chunked.worker_process import (
    Reply,
    Setup,
    Task,
    load_error,
)

# A worker finds what this process finds.
_START = """
import sys
sys.path[:] = {path!r}
from jupyter_memkit.techniques.chunked.worker_process import main
main()
"""

# How often it is looked whether a process is gone that something holds the pipe of.
_LOOK_S = 1


class WorkerTraceback(Exception):  # noqa: N818 - the traceback of another process
    """Where an error was raised in a worker, as its cause."""


class WorkersRun:
    """A function over the chunks of a source, in processes of its own.

    The processes are started, not forked: a kernel has threads. Each is sent a piece at
    a time, and at most one piece more than there are processes is on its way.

    Parameters
    ----------
    source, request, function, tries, skips, position, interrupts
        As of `LocalRun`.
    n_workers : int
        How many processes.

    Raises
    ------
    MemkitError
        When the function cannot be sent to another process.
    """

    def __init__(
        self,
        source: Source,
        request: Request,
        function: Callable[[Any], Any],
        *,
        n_workers: int,
        tries: int,
        skips: bool,
        position: Position,
        interrupts: Interrupts,
    ) -> None:
        self.position = position
        self._name = source.name
        self._skips = skips
        self._interrupts = interrupts
        self._source = source
        self._broken: Exception | None = None
        self._has_more = True
        self._is_settled = False
        self._setup = Setup(
            path=list(sys.path),
            source=source.name,
            request=dataclasses.replace(request, rows=int, start=None, end=None),
            function=dump_function(function),
            tries=tries,
        )
        self._pieces = shippable_pieces(source, request)
        self._under_way: deque[tuple[Task, Future[Reply]]] = deque()
        self._next = (position.number, position.first_row)
        self._n_workers = n_workers
        self._workers: list[_WorkerProcess] = []
        self._idle: SimpleQueue[_WorkerProcess] = SimpleQueue()
        # A thread for each process waits for its answers.
        self._threads = ThreadPoolExecutor(
            n_workers, thread_name_prefix="memkit-worker"
        )
        for _ in range(n_workers):
            worker = _WorkerProcess()
            self._workers.append(worker)
            self._idle.put(worker)

    def step(self) -> Outcome | None:
        """Return what came of the next chunk; None when there is none, or a stop."""
        __tracebackhide__ = True
        self._send()
        if not self._under_way:
            self._raise_broken()
            return None
        task, future = self._under_way[0]
        position = self.position
        position.number, position.first_row = task.number, task.first_row
        position.rows = task.piece.rows or 0
        position.in_function = True
        with self._interrupts.allowed():
            reply = self._wait(future)
        self._under_way.popleft()
        if reply.printed:
            sys.stdout.write(reply.printed)
        if reply.stops:
            return None
        if reply.change is not None:
            position.in_function = False
            raise reply.change
        error: Exception | None = None
        if reply.error is not None:
            raised = load_error(reply.error)
            raised.__cause__ = WorkerTraceback(f"\n{reply.trace}")
            add_note(raised, f"In {position} of {self._name}.")
            if not (self._skips and isinstance(raised, Exception)):
                raise raised
            error = raised
        position.in_function = False
        value = None if reply.value is None else pickle.loads(reply.value)  # noqa: S301
        return Outcome(
            number=task.number,
            first_row=task.first_row,
            rows=position.rows,
            piece=task.piece,
            peak=reply.peak,
            growth_bytes=reply.growth_bytes,
            error=error,
            _value=[value],
        )

    def close(self) -> None:
        """End the processes, also those that are at work."""
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.close()
        self._pieces.close()

    def _send(self) -> None:
        """Hand out pieces until there is one more than there are processes."""
        while self._has_more and len(self._under_way) <= self._n_workers:
            self._send_next()

    def _send_next(self) -> None:
        try:
            with self._interrupts.allowed():
                place, packed = self._cut()
        except StopIteration:
            self._has_more = False
        except Exception as error:  # noqa: BLE001 - comes after the chunks before
            self._broken = error
            self._has_more = False
        else:
            future = self._threads.submit(self._ask, packed)
            self._under_way.append((place, future))

    def _cut(self) -> tuple[Task, bytes]:
        """Return the next piece, of which the data are in the bytes alone."""
        number, first_row = self._next
        task = Task(number=number, first_row=first_row, piece=next(self._pieces))
        packed = pack_piece(task, self._name)
        place = dataclasses.replace(task, piece=without_load(task.piece))
        del task
        if not self._is_settled:
            first: Task = pickle.loads(packed)  # noqa: S301 - our own
            request = settle_types(
                self._source, self._setup.request, first.piece, first_row
            )
            self._setup = dataclasses.replace(self._setup, request=request)
            self._is_settled = True
        self._next = (number + 1, first_row + (place.piece.rows or 0))
        return place, packed

    def _raise_broken(self) -> None:
        """Raise what the source raised, when all chunks before are done."""
        if self._broken is None:
            return
        position = self.position
        position.number, position.first_row = self._next
        position.rows = 0
        add_note(self._broken, f"In {position} of {self._name}.")
        raise self._broken

    def _ask(self, packed: bytes) -> Reply:
        worker = self._idle.get()
        try:
            return worker.ask(packed, self._setup)
        finally:
            self._idle.put(worker)

    def _wait(self, future: Future[Reply]) -> Reply:
        try:
            while True:
                with contextlib.suppress(TimeoutError, FuturesTimeout):
                    return future.result(timeout=_LOOK_S)
                for worker in self._workers:
                    worker.end_what_it_left()
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self.position.in_function = False
            ends = [worker.describe_end() for worker in self._workers]
            died = next(filter(None, ends), "")
            message = (
                f"a worker {died or 'ended'} at {self.position} of {self._name}; it "
                "may have been out of memory: give a smaller --memory, or fewer "
                "--workers"
            )
            raise MemkitError(message) from error


class _WorkerProcess:
    """A process of `worker_process`, and the way to talk to it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this Python, our own code
            [
                sys.executable,
                "-c",
                _START.format(path=sys.path),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C goes to the whole group of a kernel's processes.
            start_new_session=True,
        )
        self._is_set_up = False

    def ask(self, packed: bytes, setup: Setup) -> Reply:
        """Send a task, and wait for the reply."""
        messages, replies = self._process.stdin, self._process.stdout
        assert messages is not None
        assert replies is not None
        if not self._is_set_up:
            pickle.dump(setup, messages, protocol=5)
            self._is_set_up = True
        pickle.dump(packed, messages, protocol=5)
        messages.flush()
        reply: Reply = pickle.load(replies)  # noqa: S301 - from our own worker
        return reply

    def describe_end(self) -> str:
        """Return how the process ended, or nothing while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=0.2)
        code = self._process.returncode
        if code is None:
            return ""
        if code < 0:
            return f"was killed ({signal.Signals(-code).name})"
        return f"ended with status {code}"

    def end_what_it_left(self) -> None:
        """End what a process started that is no more: it holds the pipe open."""
        if self._process.poll() is not None:
            self.kill()

    def kill(self) -> None:
        """End the process at once, with all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def close(self) -> None:
        """Let go of it, when it has ended."""
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
