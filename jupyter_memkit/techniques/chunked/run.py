"""The engine: calls a function on the chunks of a source, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

from jupyter_memkit.errors import add_note
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.techniques.chunked.errors import StopChunks
from jupyter_memkit.techniques.chunked.frames.maker import FrameMaker
from jupyter_memkit.techniques.chunked.outcome import ChunkOutcome
from jupyter_memkit.techniques.chunked.position import ChunkInfo, Position
from jupyter_memkit.techniques.chunked.sources.base import FROM_FILES, Request, Source
from jupyter_memkit.techniques.chunked.sources.reading import Reader


class Run(Protocol):
    """A run of a function over the chunks of a source, in whatever process."""

    position: Position

    def step(self) -> ChunkOutcome | None:
        """Return the outcome of the next chunk, in order; None at the end."""

    def close(self) -> None:
        """Stop, and leave nothing behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """What to run, wherever it runs.

    Attributes
    ----------
    source : Source
        The source of the chunks.
    request : Request
        How it is read.
    function : callable
        Takes a chunk and returns its value. It may raise `StopChunks`.
    tries : int
        How often the function is called for a chunk that fails.
    skips : bool
        Whether an error of the function is an outcome, and the run continues.
    limit : int, optional
        The most chunks to read ahead; whoever calls `Run.step` counts those that are
        done.
    position : Position
        The start of the run, which moves with it.
    interrupts : Interrupts
        Allowed while the source is read and the function runs.
    """

    source: Source
    request: Request
    function: Callable[[Any], Any]
    tries: int = 1
    skips: bool = False
    limit: int | None = None
    position: Position
    interrupts: Interrupts


class LocalRun:
    """A run of a function over the chunks of a source, in this process.

    It holds the current chunk and, of files, the next one, which is made meanwhile.

    Parameters
    ----------
    spec : RunSpec
        What to run.
    """

    def __init__(self, spec: RunSpec) -> None:
        self.position = spec.position
        self._interrupts = spec.interrupts
        self._name = spec.source.name
        self._function = spec.function
        self._set_info: Callable[[ChunkInfo], None] | None = getattr(
            spec.function, "set_info", None
        )
        self._tries = spec.tries
        self._skips = spec.skips
        self._reader = Reader(
            spec.source.pieces(spec.request),
            FrameMaker(spec.source.name, spec.request),
            first_row=spec.position.first_row,
            ahead=spec.source.backend == FROM_FILES,
        )
        self._is_first = True

    def step(self) -> ChunkOutcome | None:
        """Process the next chunk; None if there is none, or the function stopped."""
        __tracebackhide__ = True
        position = self.position
        if not self._is_first:
            position.advance()
        chunk: Any = None
        value: Any = None
        error: Exception | None = None
        watch = peak_meter().open()
        try:
            # Also the first one on the thread, where no interrupt can reach it.
            self._reader.prefetch()
            with self._interrupts.allowed():
                read = self._reader.read()
            if read is None:
                return None
            piece, position.rows = read.piece, read.rows
            chunk = read.take()
            self._reader.prefetch()
            if self._set_info is not None:
                self._set_info(position.info(self._name))
            position.in_function = True
            with self._interrupts.allowed():
                value = call_repeatedly(self._function, chunk, self._tries)
            position.in_function = False
        except StopChunks:
            return None
        except BaseException as raised:
            add_note(raised, f"In {position} of {self._name}.")
            if not (self._skips and position.in_function and _is_error(raised)):
                raise
            # Its traceback would keep the chunk.
            error = raised.with_traceback(None)
        finally:
            # A traceback keeps this frame, and would keep the chunk with it.
            del chunk
            peak = watch.close()
        self._is_first = False
        position.in_function = False
        values = [value]
        del value
        return ChunkOutcome(
            number=position.number,
            first_row=position.first_row,
            rows=position.rows,
            piece=piece,
            peak=peak,
            error=error,
            _value=values,
        )

    def close(self) -> None:
        """Stop reading, and close the source."""
        self._reader.close()


def call_repeatedly(function: Callable[[Any], Any], chunk: Any, tries: int) -> Any:
    """Call a function, and call it again if it fails, up to `tries` times in all."""
    __tracebackhide__ = True
    try:
        for _ in range(tries - 1):
            values = _try(function, chunk)
            if values:
                return values.pop()
        return function(chunk)
    finally:
        # A traceback keeps this frame.
        del chunk


def _try(function: Callable[[Any], Any], chunk: Any) -> list[Any]:
    """Return the value in a list, which is empty if the function fails."""
    try:
        return [function(chunk)]
    except StopChunks:
        raise
    except Exception:  # noqa: BLE001 - the user asked to try again
        return []
    finally:
        del chunk


def _is_error(raised: BaseException) -> TypeGuard[Exception]:
    return isinstance(raised, Exception)
