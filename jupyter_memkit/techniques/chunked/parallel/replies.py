"""Reads the replies of other processes, and raises their errors here."""

from __future__ import annotations

import pickle
import sys
from typing import Any

from jupyter_memkit.errors import add_note
from jupyter_memkit.techniques.chunked.parallel.worker_process import Reply
from jupyter_memkit.techniques.chunked.position import Position
from jupyter_memkit.techniques.processes.failures import load_failure


def read_reply(
    reply: Reply, position: Position, name: str, *, skips: bool
) -> dict[str, Any] | None:
    """Print the output of a chunk, and return the fields of its `ChunkOutcome`.

    Parameters
    ----------
    reply : Reply
        The outcome of the chunk.
    position : Position
        The position of the run.
    name : str
        The name of the source in messages.
    skips : bool
        Whether an error of the function is an outcome, and not raised.

    Returns
    -------
    dict or None
        None if the function ended the run.
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
    if reply.failure is not None:
        error = load_failure(reply.failure)
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
