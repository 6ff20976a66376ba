"""Runs a function over chunks in several processes, with the results in order."""

from __future__ import annotations

import contextlib
import dataclasses
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.interrupts import Interrupts
from jupyter_memkit.techniques.chunked.portable import dump_function
from jupyter_memkit.techniques.chunked.run import Outcome, Position, add_note
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request, Source
from jupyter_memkit.techniques.chunked.worker_process import Reply, Setup, Task

_MODULE = "jupyter_memkit.techniques.chunked.worker_process"


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
        setup = Setup(
            path=list(sys.path),
            source=source.name,
            request=dataclasses.replace(request, rows=_no_rows),
            function=dump_function(function),
            tries=tries,
        )
        self._pieces = source.pieces(dataclasses.replace(request, portable=True))
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
            worker = _WorkerProcess(setup)
            self._workers.append(worker)
            self._idle.put(worker)

    def step(self) -> Outcome | None:
        """Return what came of the next chunk; None when there is none, or a stop."""
        __tracebackhide__ = True
        self._send()
        if not self._under_way:
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
        error = None
        if reply.error is not None:
            error = pickle.loads(reply.error)  # noqa: S301 - from our own worker
            error.__cause__ = WorkerTraceback(f"\n{reply.trace}")
            add_note(error, f"In {position} of {self._name}.")
            if not self._skips:
                raise error
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
        while len(self._under_way) <= self._n_workers:
            piece = next(self._pieces, None)
            if piece is None:
                return
            number, first_row = self._next
            self._next = (number + 1, first_row + (piece.rows or 0))
            task = Task(number=number, first_row=first_row, piece=piece)
            # The piece's data go with the message; its place is kept.
            place = dataclasses.replace(task, piece=_without_load(piece))
            self._under_way.append((place, self._threads.submit(self._ask, task)))

    def _ask(self, task: Task) -> Reply:
        worker = self._idle.get()
        try:
            return worker.ask(task)
        finally:
            self._idle.put(worker)

    def _wait(self, future: Future[Reply]) -> Reply:
        try:
            return future.result()
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

    def __init__(self, setup: Setup) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this Python, our own code
            [sys.executable, "-c", f"from {_MODULE} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C goes to the whole group of a kernel's processes.
            start_new_session=True,
        )
        self._setup: Setup | None = setup

    def ask(self, task: Task) -> Reply:
        """Send a task, and wait for the reply."""
        messages, replies = self._process.stdin, self._process.stdout
        assert messages is not None
        assert replies is not None
        if self._setup is not None:
            pickle.dump(self._setup, messages, protocol=5)
            self._setup = None
        pickle.dump(task, messages, protocol=5)
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

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def close(self) -> None:
        """Let go of it, when it has ended."""
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _no_rows() -> int:
    """Stand for the plan of the process that cuts the pieces."""
    return 0


def _without_load(piece: Piece) -> Piece:
    return dataclasses.replace(piece, load=_no_rows)
