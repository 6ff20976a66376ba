"""A process that runs a function over the pieces that it is sent.

Started by `workers`, with pickled messages on its standard input and output. It ends
when its input does: also when the process that started it was killed.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.heap import trim_allocator
from jupyter_memkit.measure.peak import Peak, peak_meter
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques.chunked.errors import StopChunks
from jupyter_memkit.techniques.chunked.frames import FrameMaker, load_backend
from jupyter_memkit.techniques.chunked.portable import load_function
from jupyter_memkit.techniques.chunked.run import Position, call_repeatedly
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request, TypeChange
from jupyter_memkit.techniques.chunked.sources.files import import_library

# How long a worker that is not needed may take to end by itself.
_GRACE_S = 1


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
        self._function = _load_function(setup.function)
        self._tries = setup.tries
        # The libraries are no part of the budget, which is for the data.
        load_backend(setup.request.backend)
        trim_allocator()
        self._start_bytes = read_rss_bytes()

    def work(self, packed_task: bytes) -> Reply:
        """Run the function over a piece."""
        answer: dict[str, Any] = {}
        printed = io.StringIO()
        watch = peak_meter().open()
        with contextlib.redirect_stdout(printed):
            try:
                answer["value"] = self._dump_value(self._run(packed_task))
            except StopChunks:
                answer["stops"] = True
            except TypeChange as change:
                answer["change"] = change
            except BaseException as error:  # noqa: BLE001 - it goes to the user
                answer["trace"] = traceback.format_exc()
                answer["error"] = _dump_error(error)
        peak = watch.close()
        growth_bytes = max(0, peak.peak_bytes - self._start_bytes)
        return Reply(
            peak=peak, growth_bytes=growth_bytes, printed=printed.getvalue(), **answer
        )

    def _dump_value(self, value: Any) -> bytes:
        try:
            return _dump(value)
        except Exception as error:
            message = (
                f"the value of type {type(value).__name__} cannot be sent from a "
                f"worker ({error}); end with data, or leave --workers out"
            )
            raise MemkitError(message) from error

    def _run(self, packed_task: bytes) -> Any:
        task: Task = pickle.loads(packed_task)  # noqa: S301 - from our own parent
        try:
            chunk = self._make(task.piece.load(), task.first_row)
        except TypeChange as change:
            raise change.after(task.first_row) from None
        position = Position(
            number=task.number,
            first_row=task.first_row,
            rows=len(chunk) if task.piece.rows is None else task.piece.rows,
        )
        tell = getattr(self._function, "tell", None)
        if tell is not None:
            tell(position.info(self._name))
        return call_repeatedly(self._function, chunk, self._tries)


def _load_function(content: bytes) -> Callable[[Any], Any]:
    """Return the function, or one that says why it is not here."""
    try:
        return load_function(content)
    except Exception as error:  # noqa: BLE001 - it is told with the first chunk
        message = (
            f"a worker cannot load the function ({type(error).__name__}: {error}); "
            "define it in the notebook, or in a module that a new Python can import"
        )
        return partial(_refuse, message)


def _refuse(message: str, _chunk: Any) -> Any:
    raise MemkitError(message)


def _dump(value: Any) -> bytes:
    content: bytes = import_library("cloudpickle", "values").dumps(value, protocol=5)
    return content


def _dump_error(error: BaseException) -> bytes:
    """Return an exception as bytes; one that cannot be pickled by what it says."""
    made_again = partial(_make_error, type(error), error.args, dict(vars(error)))
    said = RuntimeError(f"{type(error).__name__}: {error}")
    sendable = (each for each in (error, made_again, said) if _can_be_sent(each))
    return _dump(_Sent(next(sendable)))


def _can_be_sent(error: Any) -> bool:
    try:
        pickle.loads(_dump(_Sent(error)))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - a class of the user's may do anything
        return False
    return True


def load_error(content: bytes) -> BaseException:
    """Return the exception that a worker sent."""
    error = pickle.loads(content).what  # noqa: S301 - from our own worker
    made: BaseException = error() if isinstance(error, partial) else error
    return made


@dataclass(frozen=True, slots=True)
class _Sent:
    what: Any


def _make_error(
    kind: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]
) -> BaseException:
    """Make an exception whose class does not take its own ``args``."""
    error = kind.__new__(kind, *args)
    vars(error).update(state)
    return error


def _read_messages(messages: Any, tasks: queue.SimpleQueue[Any]) -> None:
    """Read what is sent; end this process when nobody can send any more."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            tasks.put(pickle.load(messages))  # noqa: S301 - from our own parent
    tasks.put(None)
    # What is at work is of no use to anybody, nor is what it has started.
    time.sleep(_GRACE_S)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Answer messages until there are no more."""
    # Ctrl-C is for the process that started this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    messages = os.fdopen(os.dup(0), "rb")
    with os.fdopen(os.dup(1), "wb") as replies:
        # What the user's code reads or writes must not end up among the messages.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(
            target=_read_messages, args=(messages, tasks), daemon=True
        ).start()
        worker = None
        while (message := tasks.get()) is not None:
            if worker is None:
                worker = Worker(message)
                continue
            reply = worker.work(message)
            del message
            with contextlib.suppress(BrokenPipeError):
                pickle.dump(reply, replies, protocol=5)
                replies.flush()
