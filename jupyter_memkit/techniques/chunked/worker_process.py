"""A process that runs a function over the pieces that it is sent.

Started by `workers`, with pickled messages on its standard input and output. It ends
when its input does: also when the process that started it was killed.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.peak import Peak, peak_meter
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques.allocator import trim_allocator
from jupyter_memkit.techniques.chunked.errors import StopChunks
from jupyter_memkit.techniques.chunked.frames import FrameMaker, load_backend
from jupyter_memkit.techniques.chunked.portable import load_function
from jupyter_memkit.techniques.chunked.run import Position, call_repeatedly
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request, TypeChange
from jupyter_memkit.techniques.chunked.sources.files import import_library


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a worker is told first."""

    path: list[str]
    source: str
    request: Request
    function: bytes
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece to work on."""

    number: int
    first_row: int
    piece: Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of a piece.

    Attributes
    ----------
    value : bytes, optional
        The pickled value.
    error : bytes, optional
        The pickled exception of the function.
    trace : str
        The traceback of the exception.
    change : TypeChange, optional
        Where the types of the source changed.
    stops : bool
        Whether the function asked for the end.
    printed : str
        What it printed.
    peak : Peak
        The memory of the worker.
    growth_bytes : int
        How far it grew since it was ready for its first piece.
    """

    value: bytes | None = None
    error: bytes | None = None
    trace: str = ""
    change: TypeChange | None = None
    stops: bool = False
    printed: str = ""
    peak: Peak
    growth_bytes: int


class Worker:
    """The function, and what its chunks are made with."""

    def __init__(self, setup: Setup) -> None:
        sys.path[:] = setup.path
        self._name = setup.source
        self._make = FrameMaker(setup.source, setup.request)
        self._function: Callable[[Any], Any] = load_function(setup.function)
        self._tries = setup.tries
        # The libraries are no part of the budget, which is for the data.
        load_backend(setup.request.backend)
        trim_allocator()
        self._start_bytes = read_rss_bytes()

    def work(self, task: Task) -> Reply:
        """Run the function over a piece."""
        answer: dict[str, Any] = {}
        printed = io.StringIO()
        watch = peak_meter().open()
        with contextlib.redirect_stdout(printed):
            try:
                answer["value"] = _dump(self._run(task))
            except StopChunks:
                answer["stops"] = True
            except TypeChange as change:
                answer["change"] = change
            except Exception as error:  # noqa: BLE001 - it goes to the user
                answer["trace"] = traceback.format_exc()
                answer["error"] = _dump_error(error)
        peak = watch.close()
        growth_bytes = max(0, peak.peak_bytes - self._start_bytes)
        return Reply(
            peak=peak, growth_bytes=growth_bytes, printed=printed.getvalue(), **answer
        )

    def _run(self, task: Task) -> Any:
        chunk = self._make(task.piece.load(), task.first_row)
        position = Position(
            number=task.number, first_row=task.first_row, rows=len(chunk)
        )
        tell = getattr(self._function, "tell", None)
        if tell is not None:
            tell(position.info(self._name))
        return call_repeatedly(self._function, chunk, self._tries)


def _dump(value: Any) -> bytes:
    content: bytes = import_library("cloudpickle", "values").dumps(value, protocol=5)
    return content


def _dump_error(error: Exception) -> bytes:
    """Return an exception as bytes; one that cannot be pickled by what it says."""
    try:
        content = _dump(error)
        pickle.loads(content)  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - an exception of the user's may do anything
        return _dump(RuntimeError(f"{type(error).__name__}: {error}"))
    return content


def main() -> None:
    """Answer messages until there are no more."""
    # Ctrl-C is for the process that started this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(0), "rb") as messages, os.fdopen(os.dup(1), "wb") as replies:
        # What the user's code reads or writes must not end up among the messages.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        try:
            worker = Worker(pickle.load(messages))  # noqa: S301 - from our own parent
            while True:
                task = pickle.load(messages)  # noqa: S301
                pickle.dump(worker.work(task), replies, protocol=5)
                del task
                replies.flush()
        except (EOFError, BrokenPipeError):
            return
