"""Runs a function over chunks in several child processes, with the results in order."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from jupyter_memkit.errors import IsolatedError, MemkitError
from jupyter_memkit.techniques.chunked.outcome import ChunkOutcome
from jupyter_memkit.techniques.chunked.parallel import worker_process
from jupyter_memkit.techniques.chunked.parallel.replies import read_reply
from jupyter_memkit.techniques.chunked.parallel.sending import Sender, make_setup
from jupyter_memkit.techniques.chunked.parallel.worker_process import Reply, Setup, Task
from jupyter_memkit.techniques.chunked.run import RunSpec
from jupyter_memkit.techniques.chunked.sources.base import Request
from jupyter_memkit.techniques.processes.calling import Call
from jupyter_memkit.techniques.processes.listening import Listener, print_output
from jupyter_memkit.techniques.processes.process import ChildProcess, ProcessEndedError

# On Windows, Ctrl-C does not interrupt a wait that has no end.
_WAIT_S = 1


class WorkersRun:
    """A function over the chunks of a source, in child processes.

    While the first piece is read, they load the function and its libraries. At most one
    piece more than there are processes is on its way.

    Parameters
    ----------
    spec : RunSpec
        What to run.
    n_workers : int
        The number of processes.

    Raises
    ------
    MemkitError
        If the function cannot be sent to another process.
    """

    def __init__(self, spec: RunSpec, n_workers: int) -> None:
        self.position = spec.position
        self._name = spec.source.name
        self._skips = spec.skips
        self._interrupts = spec.interrupts
        setup = make_setup(spec)
        self._sender = Sender(spec)
        self._under_way: deque[tuple[Task, Future[_Answer]]] = deque()
        self._n_workers = n_workers
        self._workers: list[_Worker] = []
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        # A thread for each process waits for its answers.
        self._threads = ThreadPoolExecutor(
            n_workers, thread_name_prefix="memkit-worker"
        )
        try:
            for _ in range(n_workers):
                self._workers.append(_Worker())
                self._threads.submit(self._start, self._workers[-1], setup)
        except BaseException:
            self.close()
            raise

    def step(self) -> ChunkOutcome | None:
        """Return the outcome of the next chunk; None at the end, or at a stop."""
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
            answer = self._wait(future)
        self._under_way.popleft()
        for kind, content in answer.output:
            print_output(kind, content)
        if isinstance(answer.reply, IsolatedError):
            raise self._explain(answer.reply) from answer.reply
        fields = read_reply(answer.reply, position, self._name, skips=self._skips)
        if fields is None:
            return None
        return ChunkOutcome(
            number=task.number,
            first_row=task.first_row,
            rows=position.rows,
            piece=task.piece,
            **fields,
        )

    def close(self) -> None:
        """End the processes, also those that are working."""
        for worker in self._workers:
            worker.process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.end()
        self._sender.close()

    def _send(self) -> None:
        """Hand out pieces until there is one more than there are processes."""
        while self._sender.has_more and len(self._under_way) <= self._n_workers:
            sent = self._sender.cut()
            if sent is not None:
                task, packed = sent
                future = self._threads.submit(self._ask, packed, self._sender.request)
                self._under_way.append((task, future))

    def _start(self, worker: _Worker, setup: Setup) -> None:
        try:
            worker.start(setup)
        finally:
            self._idle.put(worker)

    def _ask(self, packed: bytes, request: Request) -> _Answer:
        worker = self._idle.get()
        try:
            return worker.ask(packed, request)
        finally:
            self._idle.put(worker)

    def _wait(self, future: Future[_Answer]) -> _Answer:
        # An error of the task may be a TimeoutError itself.
        while not future.done():
            wait([future], timeout=_WAIT_S)
        return future.result()

    def _explain(self, ended: IsolatedError) -> MemkitError:
        """Return the error for a worker that has ended at the current position."""
        self.position.in_function = False
        if not isinstance(ended, ProcessEndedError):
            return ended
        return MemkitError(
            f"a worker {ended.how} at {self.position} of {self._name}; it may have "
            "been out of memory: use a smaller --memory, or fewer --workers"
        )


@dataclass(slots=True, kw_only=True)
class _Answer:
    """The reply of a worker, or why there is none, and what it printed before."""

    reply: Reply | IsolatedError
    output: list[tuple[str, Any]]


class _Worker:
    """A child process that runs the function."""

    def __init__(self) -> None:
        self.process = ChildProcess()
        self._listener = Listener(self.process, lasts=True)
        self._output: list[tuple[str, Any]] = []
        self._problem: BaseException | None = None
        self._is_first = True

    def start(self, setup: Setup) -> None:
        """Load the function; an error comes with the first answer."""
        try:
            self._call(worker_process.start, setup)
        except BaseException as error:  # noqa: BLE001 - raised by `ask`
            self._problem = error

    def ask(self, packed: bytes, request: Request) -> _Answer:
        """Return the answer to a task."""
        try:
            if self._problem is not None:
                raise self._problem
            # As bytes, which the transfer does not have to search for arrays.
            packed_request = (
                pickle.dumps(request, protocol=5) if self._is_first else b""
            )
            packed_reply = self._call(worker_process.work, packed, packed_request)
            self._is_first = False
            reply: Reply | IsolatedError = pickle.loads(packed_reply)  # noqa: S301 - ours
        except IsolatedError as error:
            reply = error
        output, self._output = self._output, []
        return _Answer(reply=reply, output=output)

    def end(self) -> None:
        """End the process, and what belongs to it."""
        self.process.kill()
        self._listener.stop()
        self.process.end()

    def _call(self, function: Callable[..., Any], *args: Any) -> Any:
        call = Call(self.process, show=self._take, listener=self._listener)
        outcome = call.run(function, args)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def _take(self, kind: str, content: Any) -> None:
        self._output.append((kind, content))
