"""The tasks on a Dask cluster: run a function over pieces, and join parts."""

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

# By run, so that a function is unpickled once, and growth has one start.
_workers: dict[str, Worker] = {}

# Runs that have ended lately: a task that was called off can still start after that.
_ended: deque[str] = deque(maxlen=1_000)

# One chunk at a time, whatever the threads of a worker: a cell has one namespace, and
# the system one high-water mark a process.
_at_work = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What came of one or several chunks in a row.

    Attributes
    ----------
    chunks : int
        How many.
    is_part : bool
        Whether the reply's value is a part of a reduction, or what the function gave.
    reply : Reply
        Of the chunk, or of all of them in one.
    """

    chunks: int = 1
    is_part: bool = False
    reply: Reply


def hand_over(setup: Setup, request: Request) -> tuple[Setup, Request]:
    """Give the function to workers: a task comes again when its worker is lost."""
    return setup, request


def work(run: str, handed_over: tuple[Setup, Request], packed_task: bytes) -> Reply:
    """Run the function of a run over a piece.

    Raises
    ------
    RuntimeError
        When the run has ended, so that nobody waits for the reply.
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
    """Let go of a run's function, for good; a task at work still ends."""
    _ended.append(run)
    _workers.pop(run, None)


def join(operation: Operation, skips: bool, *replies: Reply) -> list[Joined]:  # noqa: FBT001 - of a task
    """Join the values of consecutive chunks, up to one that ends the run.

    Parameters
    ----------
    operation : Operation
        How.
    skips : bool
        Whether a chunk that failed is left out, or ends the run.
    *replies : Reply
        Of the chunks, in order.

    Returns
    -------
    list of Joined
        Of chunks in a row that went well one, and one of each other chunk. A value
        that does not fit stays by itself, to be refused where all of them go.
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
    """Take a value, if there is one that fits."""
    if reply.value is None:
        return False
    try:
        reduction.add(pickle.loads(reply.value))  # noqa: S301 - from a worker of ours
    except Exception:  # noqa: BLE001 - it is raised again by who has them all
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
