"""Runs a function over chunks in several processes, with the results in order."""

from __future__ import annotations

import contextlib
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
from jupyter_memkit.techniques.chunked.replies import read_reply
from jupyter_memkit.techniques.chunked.run import Outcome, Position
from jupyter_memkit.techniques.chunked.sending import Sender
from jupyter_memkit.techniques.chunked.sources.base import Request, Source
from jupyter_memkit.techniques.chunked.worker_process import Reply, Setup, Task

# A worker finds what this process finds.
_START = """
import sys
sys.path[:] = {path!r}
from jupyter_memkit.techniques.chunked.worker_process import main
main()
"""

# How often it is looked whether a process is gone that something holds the pipe of.
_LOOK_S = 1


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
    limit : int, optional
        How many chunks to send at most.

    Raises
    ------
    MemkitError
        When the function cannot be sent to another process.
    """

    def __init__(  # noqa: PLR0913 - what makes up a run
        self,
        source: Source,
        request: Request,
        function: Callable[[Any], Any],
        *,
        n_workers: int,
        tries: int,
        skips: bool,
        limit: int | None = None,
        position: Position,
        interrupts: Interrupts,
    ) -> None:
        self.position = position
        self._name = source.name
        self._skips = skips
        self._interrupts = interrupts
        self._sender = Sender(
            source, request, position=position, interrupts=interrupts, limit=limit
        )
        self._function = dump_function(function)
        self._tries = tries
        self._under_way: deque[tuple[Task, Future[Reply]]] = deque()
        self._n_workers = n_workers
        self._workers: list[_WorkerProcess] = []
        self._idle: SimpleQueue[_WorkerProcess] = SimpleQueue()
        # A thread for each process waits for its answers.
        self._threads = ThreadPoolExecutor(
            n_workers, thread_name_prefix="memkit-worker"
        )
        try:
            for _ in range(n_workers):
                self._workers.append(_WorkerProcess())
                self._idle.put(self._workers[-1])
        except BaseException:
            self.close()
            raise

    def step(self) -> Outcome | None:
        """Return what came of the next chunk; None when there is none, or a stop."""
        __tracebackhide__ = True
        self._send()
        if not self._under_way:
            self._sender.raise_broken(self.position)
            return None
        task, future = self._under_way[0]
        position = self.position
        position.number, position.first_row = task.number, task.first_row
        position.rows = task.piece.rows or 0
        position.in_function = True
        with self._interrupts.allowed():
            reply = self._wait(future)
        self._under_way.popleft()
        fields = read_reply(reply, position, self._name, skips=self._skips)
        if fields is None:
            return None
        return Outcome(
            number=task.number,
            first_row=task.first_row,
            rows=position.rows,
            piece=task.piece,
            **fields,
        )

    def close(self) -> None:
        """End the processes, also those that are at work."""
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.close()
        self._sender.close()

    def _send(self) -> None:
        """Hand out pieces until there is one more than there are processes."""
        while self._sender.has_more and len(self._under_way) <= self._n_workers:
            sent = self._sender.cut()
            if sent is not None:
                task, packed = sent
                future = self._threads.submit(self._ask, packed, self._setup())
                self._under_way.append((task, future))

    def _setup(self) -> Setup:
        return Setup(
            path=list(sys.path),
            source=self._name,
            request=self._sender.request,
            function=self._function,
            tries=self._tries,
        )

    def _ask(self, packed: bytes, setup: Setup) -> Reply:
        worker = self._idle.get()
        try:
            return worker.ask(packed, setup)
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
