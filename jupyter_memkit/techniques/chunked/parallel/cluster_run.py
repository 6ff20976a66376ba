"""Runs a function over chunks on a cluster, with the results in order.

Chunks are tasks that carry their data or its place, so that they can run again if a
worker is lost. Parts of eight chunks are joined on the cluster. A worker runs one chunk
at a time.
"""

from __future__ import annotations

import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.outcome import ChunkOutcome, JoinedOutcome
from jupyter_memkit.techniques.chunked.parallel.cluster import Cluster
from jupyter_memkit.techniques.chunked.parallel.cluster_tasks import Joined
from jupyter_memkit.techniques.chunked.parallel.replies import read_reply
from jupyter_memkit.techniques.chunked.parallel.sending import Sender, make_setup
from jupyter_memkit.techniques.chunked.parallel.worker_process import Task
from jupyter_memkit.techniques.chunked.results.combine import Operation
from jupyter_memkit.techniques.chunked.run import RunSpec

# The number of chunks whose parts are joined on the cluster.
_GROUP = 8

# The chunks that wait or run for each worker, so that it never waits for the next one.
_AHEAD = 2

# The chunks for each worker that are held until those before them are done.
_HELD = 2 * _GROUP


@dataclass(slots=True)
class _Group:
    """Chunks whose results are returned together."""

    tasks: list[Task] = field(default_factory=list)
    replies: list[Any] = field(default_factory=list)
    joined: Any = None


class ClusterRun:
    """A run of a function over the chunks of a source, on the workers of a cluster.

    The run survives the loss of workers: their chunks run again elsewhere.

    Parameters
    ----------
    spec : RunSpec
        What to run.
    cluster : Cluster
        The cluster.
    operation : Operation, optional
        The reduction. If it is associative, parts are joined on the cluster, and the
        outcomes are `JoinedOutcome`.

    Raises
    ------
    MemkitError
        If the function cannot be sent to another process.
    """

    def __init__(
        self, spec: RunSpec, cluster: Cluster, operation: Operation | None = None
    ) -> None:
        self.position = spec.position
        self._name = spec.source.name
        self._skips = spec.skips
        self._interrupts = spec.interrupts
        self._cluster = cluster
        self._ahead = cluster.n_workers * _AHEAD
        self._held = cluster.n_workers * _HELD
        is_joining = operation is not None and operation.is_associative
        self._operation = operation if is_joining else None
        self._setup = make_setup(spec)
        self._shared: Any = None
        self._run = f"memkit-{uuid.uuid4().hex}"
        self._sender = Sender(spec)
        self._groups: deque[_Group] = deque()
        # Chunks and their outcomes, in order.
        self._ready: deque[tuple[list[Task], Joined]] = deque()

    def step(self) -> ChunkOutcome | None:
        """Return the outcome of the next chunks; None at the end, or at a stop."""
        __tracebackhide__ = True
        while not self._ready:
            self._send()
            if not self._groups:
                self._sender.raise_broken(self.position)
                return None
            self._move_to(self._groups[0].tasks[:1])
            self._receive()
        tasks, joined = self._ready.popleft()
        return self._make_outcome(tasks, joined)

    def close(self) -> None:
        """Cancel the tasks that wait or run, and close the source."""
        self._sender.close()
        self._cluster.end(self._run, self._futures())
        self._groups.clear()
        self._ready.clear()
        self._shared = None

    def _futures(self) -> list[Any]:
        futures = [] if self._shared is None else [self._shared]
        for group in self._groups:
            futures.extend(group.replies)
            if group.joined is not None:
                futures.append(group.joined)
        return futures

    def _move_to(self, tasks: list[Task]) -> None:
        position = self.position
        position.number, position.first_row = tasks[0].number, tasks[0].first_row
        position.rows = sum(task.piece.rows or 0 for task in tasks)
        position.in_function = False

    def _send(self) -> None:
        """Hand out pieces until the workers have enough of them."""
        while self._sender.has_more and self._has_room():
            sent = self._sender.cut()
            if sent is not None:
                self._submit(*sent)
        if not self._sender.has_more and self._groups:
            self._seal(self._groups[-1])

    def _has_room(self) -> bool:
        replies = [reply for group in self._groups for reply in group.replies]
        under_way = sum(not self._cluster.is_done(reply) for reply in replies)
        return under_way < self._ahead and len(replies) < self._held

    def _submit(self, task: Task, packed: bytes) -> None:
        if not self._groups or self._groups[-1].joined is not None:
            self._groups.append(_Group())
        group = self._groups[-1]
        if self._shared is None:
            self._shared = self._cluster.share(
                self._run, self._setup, self._sender.request
            )
        reply = self._cluster.work(self._run, task.number, self._shared, packed)
        group.tasks.append(task)
        group.replies.append(reply)
        if len(group.tasks) == (1 if self._operation is None else _GROUP):
            self._seal(group)

    def _seal(self, group: _Group) -> None:
        """Request the results of a group, joined if possible."""
        if group.joined is not None:
            return
        if self._operation is None:
            group.joined = group.replies[0]
            return
        group.joined = self._cluster.join(
            self._run,
            group.tasks[0].number,
            self._operation,
            group.replies,
            skips=self._skips,
        )

    def _receive(self) -> None:
        """Wait until a task is done, and take the first group when all of it is."""
        group = self._groups[0]
        cluster = self._cluster
        is_done = group.joined is not None and cluster.is_done(group.joined)
        try:
            with self._interrupts.allowed():
                if not is_done:
                    tasks = self._futures()
                    cluster.wait([each for each in tasks if not cluster.is_done(each)])
                    return
                result = cluster.result(group.joined)
        except Exception as error:
            raise self._explain(group, error) from error
        self._groups.popleft()
        tasks = group.tasks
        for joined in result if self._operation else [Joined(reply=result)]:
            self._ready.append((tasks[: joined.chunks], joined))
            tasks = tasks[joined.chunks :]

    def _explain(self, group: _Group, error: Exception) -> MemkitError:
        """Return the error for a task that the cluster gave up."""
        failed = [
            task
            for task, reply in zip(group.tasks, group.replies, strict=True)
            if self._cluster.has_failed(reply)
        ]
        self._move_to(failed[:1] or group.tasks)
        where = f"{self.position} of {self._name}"
        if self._cluster.has_lost_worker(error):
            message = (
                f"every worker that got {where} was lost; it may have been out of "
                "memory: use a smaller --memory, or workers with more memory"
            )
        else:
            message = (
                f"the cluster failed on {where} ({type(error).__name__}: {error}); "
                "check that its workers have jupyter_memkit, the libraries of the cell "
                "and the files"
            )
        return MemkitError(message)

    def _make_outcome(self, tasks: list[Task], joined: Joined) -> ChunkOutcome | None:
        __tracebackhide__ = True
        self._move_to(tasks)
        reply = read_reply(joined.reply, self.position, self._name, skips=self._skips)
        if reply is None:
            return None
        fields: dict[str, Any] = {
            "number": tasks[-1].number,
            "first_row": tasks[0].first_row,
            "rows": self.position.rows,
            "piece": tasks[-1].piece,
            **reply,
        }
        if not joined.is_part:
            return ChunkOutcome(**fields)
        return JoinedOutcome(
            chunks=len(tasks),
            chunk_rows=max(task.piece.rows or 0 for task in tasks),
            **fields,
        )
