"""The work of one process on the chunks of a run: a function over pieces.

`workers` calls it in child processes, and `cluster_tasks` in the workers of a cluster.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import pickle
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.heap import trim_allocator
from jupyter_memkit.measure.peak import Peak, peak_meter
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques.chunked.errors import StopChunks
from jupyter_memkit.techniques.chunked.frames.backends import load_backend
from jupyter_memkit.techniques.chunked.frames.maker import FrameMaker
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.parallel.portable import load_function
from jupyter_memkit.techniques.chunked.position import Position
from jupyter_memkit.techniques.chunked.run import call_repeatedly
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request, TypeChange
from jupyter_memkit.techniques.processes.failures import Failure, dump_failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a worker needs before its first piece.

    Attributes
    ----------
    source : str
        The name of the source in messages.
    backend : str, optional
        The library of the chunks.
    function : bytes
        The function, as `dump_function` returned it.
    tries : int
        How often the function is called for a chunk that fails.
    """

    source: str
    backend: str | None
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
    """The outcome of a piece.

    Attributes
    ----------
    value : bytes, optional
        The pickled value.
    failure : Failure, optional
        The exception of the function.
    change : TypeChange, optional
        Where the types of the source changed.
    stops : bool
        Whether the function ended the run.
    printed : str
        What it printed, unless that was shown in another way.
    peak : Peak
        The memory of the worker.
    growth_bytes : int
        How far it grew since it was ready for its first piece.
    """

    value: bytes | None = None
    failure: Failure | None = None
    change: TypeChange | None = None
    stops: bool = False
    printed: str = ""
    peak: Peak
    growth_bytes: int


class Worker:
    """A function, ready to run over the pieces of a source."""

    def __init__(self, setup: Setup) -> None:
        self._name = setup.source
        self._tries = setup.tries
        self._make: FrameMaker | None = None
        self._function = _load_function(setup.function)
        # Libraries are not a part of the budget, which is for the data.
        load_backend(setup.backend)
        _import_ahead(self._function)
        trim_allocator()
        self._start_bytes = read_rss_bytes()

    def work(self, packed_task: bytes, request: Request | None) -> Reply:
        """Run the function over a piece.

        Parameters
        ----------
        packed_task : bytes
            The pickled `Task`.
        request : Request, optional
            How chunks are made of pieces; needed for the first piece only.
        """
        if self._make is None:
            assert request is not None, "the first piece comes with the request"
            self._make = FrameMaker(self._name, request)
        answer: dict[str, Any] = {}
        watch = peak_meter().open()
        try:
            answer["value"] = self._dump_value(self._run(self._make, packed_task))
        except StopChunks:
            answer["stops"] = True
        except TypeChange as change:
            answer["change"] = change
        except BaseException as error:  # noqa: BLE001 - it is raised by the parent
            answer["failure"] = dump_failure(error)
        peak = watch.close()
        growth_bytes = max(0, peak.peak_bytes - self._start_bytes)
        return Reply(peak=peak, growth_bytes=growth_bytes, **answer)

    def _dump_value(self, value: Any) -> bytes:
        try:
            cloudpickle = import_library("cloudpickle", "values")
            content: bytes = cloudpickle.dumps(value, protocol=5)
        except Exception as error:
            message = (
                f"the value of type {type(value).__name__} cannot be sent from a "
                f"worker ({error}); end the cell with data, or leave out --workers "
                "and --on"
            )
            raise MemkitError(message) from error
        return content

    def _run(self, make: FrameMaker, packed_task: bytes) -> Any:
        task: Task = pickle.loads(packed_task)  # noqa: S301 - from our own parent
        try:
            chunk = make(task.piece.load(), task.first_row)
        except TypeChange as change:
            raise change.after(task.first_row) from None
        position = Position(
            number=task.number,
            first_row=task.first_row,
            rows=len(chunk) if task.piece.rows is None else task.piece.rows,
        )
        set_info = getattr(self._function, "set_info", None)
        if set_info is not None:
            set_info(position.info(self._name))
        return call_repeatedly(self._function, chunk, self._tries)


# The worker of this process, where it is a child of the run.
_workers: list[Worker] = []


def start(setup: Setup) -> None:
    """Make this process a worker."""
    # Ctrl-C is for the parent, which decides what becomes of the run.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _workers.append(Worker(setup))


def work(packed_task: bytes, packed_request: bytes) -> bytes:
    """Run the function over a piece, and return the pickled reply.

    Parameters
    ----------
    packed_task : bytes
        As of `Worker.work`.
    packed_request : bytes
        The pickled `Request` with the first piece, else empty.
    """
    request = pickle.loads(packed_request) if packed_request else None  # noqa: S301 - ours
    return pickle.dumps(_workers[0].work(packed_task, request), protocol=5)


def _load_function(content: bytes) -> Callable[[Any], Any]:
    """Return the function, or one that raises why it cannot be loaded."""
    try:
        return load_function(content)
    except Exception as error:  # noqa: BLE001 - raised with the first chunk
        message = (
            f"a worker cannot load the function ({type(error).__name__}: {error}); "
            "define it in the notebook, or in a module that a new Python can import"
        )
        return partial(_raise, message)


def _raise(message: str, _chunk: Any) -> Any:
    raise MemkitError(message)


def _import_ahead(function: Callable[[Any], Any]) -> None:
    """Import the modules of a cell's top level while the first piece is read."""
    tree: ast.Module | None = getattr(function, "tree", None)
    for node in () if tree is None else tree.body:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        else:
            continue
        for name in names:
            # The cell raises the error again, if it gets there.
            with contextlib.suppress(Exception):
                importlib.import_module(name)
