"""Reads what other processes reply, as if it had happened here."""

from __future__ import annotations

import pickle
import sys
from typing import Any

from jupyter_memkit.errors import add_note
from jupyter_memkit.techniques.chunked.run import Position
from jupyter_memkit.techniques.chunked.worker_process import Reply, load_error


class WorkerTraceback(Exception):  # noqa: N818 - the traceback of another process
    """Where an error was raised in a worker, as its cause."""


def read_reply(
    reply: Reply, position: Position, name: str, *, skips: bool
) -> dict[str, Any] | None:
    """Print what a chunk printed, and return the fields of its `Outcome`.

    Parameters
    ----------
    reply : Reply
        What came of the chunk.
    position : Position
        Where the run stands.
    name : str
        How messages call the source.
    skips : bool
        Whether an error of the function is an outcome.

    Returns
    -------
    dict or None
        None where the function asked for the end.
    """
    __tracebackhide__ = True
    position.in_function = False
    if reply.printed:
        sys.stdout.write(reply.printed)
    if reply.stops:
        return None
    if reply.change is not None:
        raise reply.change
    error: BaseException | None = None
    if reply.error is not None:
        error = load_error(reply.error)
        error.__cause__ = WorkerTraceback(f"\n{reply.trace}")
        position.in_function = True
        add_note(error, f"In {position} of {name}.")
        if not (skips and isinstance(error, Exception)):
            raise error
        position.in_function = False
    value = None if reply.value is None else pickle.loads(reply.value)  # noqa: S301
    return {
        "peak": reply.peak,
        "growth_bytes": reply.growth_bytes,
        "error": error,
        "_value": [value],
    }
