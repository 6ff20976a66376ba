"""A function over chunks: iterated for its values, or reduced to one result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

from jupyter_memkit.techniques.chunked.checkpoint import Checkpoint
from jupyter_memkit.techniques.chunked.cluster import Cluster
from jupyter_memkit.techniques.chunked.job import Failures, Job, Step
from jupyter_memkit.techniques.chunked.rehearsal import rehearse
from jupyter_memkit.techniques.chunked.run import LocalRun, Position
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.settling import settle_types
from jupyter_memkit.techniques.chunked.sinks import open_sink
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.summary import ChunkedSummary, SkippedChunk
from jupyter_memkit.techniques.interrupts import Interrupts


class Mapped:
    """A function to run over the chunks of a source, got from `Chunked.map`.

    Iterating over it gives the function's values, one chunk at a time.

    Attributes
    ----------
    summary : ChunkedSummary or None
        The account of the last `run` or `reduce`. After one that failed it holds
        what was done until then, with the result of those chunks as its value.
    position : Position
        Where the last run ended; as text ``chunk 3 (rows 200,000 to 299,999)``.
    """

    def __init__(
        self, source: Source, settings: Settings, function: Callable[[Any], Any]
    ) -> None:
        self.summary: ChunkedSummary | None = None
        self.position = Position()
        self._source = source
        self._settings = settings
        self._function = function

    def __iter__(self) -> Iterator[Any]:
        """Read the source from its start, and give the value of each chunk."""
        values = _Values(self._source, self._settings, self._function)
        try:
            while values.step():
                yield values.take()
        finally:
            values.close()

    def reduce(self, op: str | Callable[[Any, Any], Any]) -> Any:
        """Run over all chunks and make one result of their values.

        Parameters
        ----------
        op : str or callable
            ``"sum"``, ``"min"``, ``"max"``, ``"count"``, ``"concat"``,
            ``"append"``, ``"union"`` or ``"merge"``, or a function of the result
            so far and the next value.

        Returns
        -------
        object
            The result. Only ``concat`` and ``append`` keep the values until the end.

        Raises
        ------
        SourceError
            When the source has no rows, or breaks on the way.
        ReduceError
            When the values do not fit the reduction.
        BudgetError
            When the results alone, or a few rows, would need more than the budget.

        Examples
        --------
        >>> from jupyter_memkit.techniques.chunked import chunked
        >>> chunked(range(100), rows=10).map(sum).reduce("max")
        945
        """
        __tracebackhide__ = True
        return self.run(op).value

    def run(  # noqa: PLR0913 - each is one choice of the user's
        self,
        op: str | Callable[[Any, Any], Any] | None = None,
        *,
        out: str | os.PathLike[str] | None = None,
        resume: str | os.PathLike[str] | None = None,
        on_error: str = "stop",
        tries: int = 1,
        only: Iterable[SkippedChunk] | None = None,
        workers: int = 0,
        on: Any = None,
        progress: Callable[[Step], object] | None = None,
        rehearsal: bool = True,
    ) -> ChunkedSummary:
        """Run over all chunks and return the account of it.

        Parameters
        ----------
        op : str or callable, optional
            As in `reduce`; without it the values are dropped, and the function's
            side effects are the result.
        out : path-like, optional
            A file to which the values are streamed, instead of a reduction: Parquet,
            CSV, TSV, Arrow or JSON lines by its ending. Each value is a frame, a
            series, a table or a list of dicts. It is there when it is whole.
        resume : path-like, optional
            A file in which the progress is saved: a run that was killed goes on
            where it was. It is deleted at the end.
        on_error : str
            ``"stop"``, or ``"skip"`` to leave out chunks on which the function fails.
        tries : int
            How often the function is called for a chunk before it counts as failed.
        only : iterable of SkippedChunk, optional
            Run over these alone, which an earlier run left out.
        workers : int
            Run in so many other processes, with the budget shared between them; what
            they take for their libraries comes on top. Only the values come back.
        on : str or distributed.Client, optional
            Run on a Dask cluster: a client, the address of a scheduler, or ``"dask"``
            for the current client, or else a cluster on this machine that is closed at
            the end.
        progress : callable, optional
            Called after each chunk with a `Step`.
        rehearsal : bool
            Whether a notebook cell that has no effect is rehearsed: run on some rows
            first.

        Returns
        -------
        ChunkedSummary
            The account, with the reduction's result as its ``value``.
        """
        __tracebackhide__ = True
        # What is done before the first chunk takes time of the run too.
        start_s = time.perf_counter()
        checkpoint = None
        with Interrupts() as interrupts, ExitStack() as stack:
            with interrupts.allowed():
                found = rehearse(
                    self._source,
                    self._settings,
                    self._function,
                    op if only is None else None,
                    tries=rehearsal and only is None,
                )
                settings = found.settings
                is_repeatable = getattr(self._function, "is_repeatable", None)
                if is_repeatable is False and not (only or resume):
                    settings = settle_types(self._source, settings)
            if resume is not None:
                identity = self._identity(settings, op, out)
                checkpoint = Checkpoint(resume, identity)
            sink = open_sink(op, out, resumable=resume is not None, keys=found.keys)
            cluster = None
            if on is not None:
                with interrupts.allowed():
                    cluster = Cluster(
                        on,
                        memory_bytes=self._settings.memory_bytes,
                        n_workers=workers or None,
                    )
                stack.enter_context(cluster)
            job = Job(
                self._source,
                settings,
                self._function,
                sink,
                notes=found.notes,
                failures=Failures(skips=on_error == "skip", tries=tries),
                interrupts=interrupts,
                checkpoint=checkpoint,
                only=only,
                n_workers=workers,
                cluster=cluster,
                is_repeatable=bool(is_repeatable),
                start_s=start_s,
            )
            value = None
            try:
                value = job.run(progress)
            except BaseException:
                value = sink.rescue()
                raise
            finally:
                self.position = job.position
                self.summary = summary = job.close(value)
        return summary

    def _identity(
        self,
        settings: Settings,
        op: str | Callable[[Any, Any], Any] | None,
        out: str | os.PathLike[str] | None,
    ) -> dict[str, Any]:
        """Return what a run that goes on must have in common with the one before."""
        return {
            "the source": self._source.fingerprint(),
            "the cell": getattr(self._function, "source", None)
            or getattr(self._function, "__qualname__", repr(self._function)),
            "the reduction": op if isinstance(op, str) else getattr(op, "__name__", op),
            "the file of --out": None if out is None else os.fspath(out),
            "what is read": [
                settings.rows,
                settings.memory_bytes if settings.rows is None else None,
                settings.columns,
                settings.backend,
                sorted(settings.types.items()),
                sorted(settings.categories),
            ],
        }


class _Values:
    """The values of a function over chunks, one at a time."""

    def __init__(
        self, source: Source, settings: Settings, function: Callable[[Any], Any]
    ) -> None:
        self._plan = settings.plan_rows(source)
        request = settings.request(source, self._plan)
        self._run = LocalRun(
            source, request, function, position=Position(), interrupts=Interrupts()
        )
        self._left = settings.limit
        self._value: list[Any] = []
        self._start_bytes: int | None = None

    def step(self) -> bool:
        """Do the next chunk; False at the end."""
        __tracebackhide__ = True
        if self._left == 0:
            return False
        outcome = self._run.step()
        if outcome is None:
            return False
        if self._left is not None:
            self._left -= 1
        peak = outcome.peak
        if self._start_bytes is None:
            self._start_bytes = peak.before_bytes
        # What the user keeps of the values is theirs, and not in the budget.
        growth_bytes = peak.peak_bytes - min(self._start_bytes, peak.before_bytes)
        self._plan.learn(outcome.rows, growth_bytes, 0)
        self._value.append(outcome.take())
        return True

    def take(self) -> Any:
        """Hand the value over."""
        return self._value.pop()

    def close(self) -> None:
        """Close the source."""
        self._run.close()
