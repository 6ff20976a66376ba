"""The tasks on a cluster: run a function over pieces, and join parts."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import pickle
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.techniques.chunked.parallel.shipping import pack
from jupyter_memkit.techniques.chunked.parallel.worker_process import (
    Reply,
    Setup,
    Worker,
)
from jupyter_memkit.techniques.chunked.results.combine import Operation, Reduction
from jupyter_memkit.techniques.chunked.sources.base import Request

# By run, so that the function is unpickled once, and growth is measured from one start.
_workers: dict[str, Worker] = {}

# Runs that ended recently: a task that was cancelled can still start after that.
_ended: deque[str] = deque(maxlen=1_000)

# A worker runs one chunk at a time, however many threads it has: a cell has one
# namespace, and the system keeps one high-water mark per process.
_at_work = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The outcome of one or several consecutive chunks.

    Attributes
    ----------
    chunks : int
        The number of chunks.
    is_part : bool
        Whether the value is a part of a reduction, not a value of the function.
    reply : Reply
        The reply of the chunk, or of all of them together.
    """

    chunks: int = 1
    is_part: bool = False
    reply: Reply


def hand_over(setup: Setup, request: Request) -> tuple[Setup, Request]:
    """Hand the function to workers, in a task that runs again if a worker is lost."""
    return setup, request


def work(run: str, handed_over: tuple[Setup, Request], packed_task: bytes) -> Reply:
    """Run the function of a run over a piece.

    Raises
    ------
    RuntimeError
        If the run has ended, so that nothing waits for the reply.
    """
    with _at_work:
        if run in _ended:
            message = f"the run {run} has ended"
            raise RuntimeError(message)
        setup, request = handed_over
        worker = _workers.get(run)
        if worker is None:
            worker = _workers[run] = Worker(setup)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            reply = worker.work(packed_task, request)
        return dataclasses.replace(reply, printed=printed.getvalue())


def forget(run: str) -> None:
    """Drop the function of a run and reject its later tasks; a running task ends."""
    _ended.append(run)
    _workers.pop(run, None)


def join(operation: Operation, skips: bool, *replies: Reply) -> list[Joined]:  # noqa: FBT001 - of a task
    """Join the values of consecutive chunks, up to one that ends the run.

    Parameters
    ----------
    operation : Operation
        The reduction.
    skips : bool
        Whether a chunk that failed is left out, or ends the run.
    *replies : Reply
        The replies of the chunks, in order.

    Returns
    -------
    list of Joined
        One for each row of consecutive chunks that succeeded, and one for each other
        chunk. A value that does not fit stays separate, and the run reports its error.
    """
    return list(_join(operation, replies, skips=skips))


def _join(
    operation: Operation, replies: Iterable[Reply], *, skips: bool
) -> Iterator[Joined]:
    reduction = Reduction(operation)
    done: list[Reply] = []
    for reply in replies:
        if _add(reduction, reply):
            done.append(reply)
            continue
        if done:
            yield _close(reduction, done)
        reduction, done = Reduction(operation), []
        yield Joined(reply=reply)
        if reply.stops or reply.change or (reply.failure and not skips):
            return
    if done:
        yield _close(reduction, done)


def _add(reduction: Reduction, reply: Reply) -> bool:
    """Add a value, and return whether there is one that fits."""
    if reply.value is None:
        return False
    try:
        reduction.add(pickle.loads(reply.value))  # noqa: S301 - from a worker of ours
    except Exception:  # noqa: BLE001 - raised again when the run adds it
        return False
    return True


def _close(reduction: Reduction, replies: list[Reply]) -> Joined:
    highest = max(replies, key=lambda reply: reply.growth_bytes)
    fields: dict[str, Any] = {
        "value": pack(reduction.part),
        "printed": "".join(reply.printed for reply in replies),
    }
    return Joined(
        chunks=len(replies),
        is_part=True,
        reply=dataclasses.replace(highest, **fields),
    )
