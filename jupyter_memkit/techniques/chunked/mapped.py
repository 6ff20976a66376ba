"""A function over chunks: iterate over its values, or reduce them to one result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.checkpoint import Checkpoint
from jupyter_memkit.techniques.chunked.identity import identify
from jupyter_memkit.techniques.chunked.job import Job
from jupyter_memkit.techniques.chunked.ledger import Ledger
from jupyter_memkit.techniques.chunked.options import RunOptions, check_count
from jupyter_memkit.techniques.chunked.position import Position
from jupyter_memkit.techniques.chunked.reading_ahead import read_ahead_types
from jupyter_memkit.techniques.chunked.results.combine import ALIGNED
from jupyter_memkit.techniques.chunked.results.sinks import open_sink
from jupyter_memkit.techniques.chunked.run import LocalRun, RunSpec
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.step import Step
from jupyter_memkit.techniques.chunked.summary import ChunkedSummary, SkippedChunk

# Each is a process, and all are started.
_MOST_WORKERS = 1_024


class Mapped:
    """A function to run over the chunks of a source, as `Chunked.map` returns it.

    Iterating over it yields the function's values, one chunk at a time.

    Attributes
    ----------
    summary : ChunkedSummary or None
        The summary of the last `run` or `reduce`. If that failed, it covers the chunks
        that were done, with their result as its value.
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
        """Read the source from its start, and yield the value of each chunk."""
        values = _Values(self._source, self._settings, self._function)
        try:
            while values.step():
                yield values.take()
        finally:
            values.close()

    def reduce(self, op: str | Callable[[Any, Any], Any]) -> Any:
        """Run over all chunks and combine their values into one result.

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
            If the source has no rows, or fails on the way.
        ReduceError
            If the values do not fit the reduction.
        BudgetError
            If the results alone, or a few rows, would need more than the budget.

        Examples
        --------
        >>> from jupyter_memkit.techniques.chunked import chunked
        >>> chunked(range(100), rows=10).map(sum).reduce("max")
        945
        """
        __tracebackhide__ = True
        return self.run(op).value

    def run(  # noqa: PLR0913 - each is a choice of the user's
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
        """Run over all chunks and return a summary.

        Parameters
        ----------
        op : str or callable, optional
            As in `reduce`; without it the values are dropped, and the function's
            side effects are the result.
        out : path-like, optional
            A file to stream the values to, instead of a reduction: Parquet, CSV, TSV,
            Arrow or JSON lines, by its extension. Each value is a frame, a series, a
            table or a list of dicts. The file appears only when it is complete.
        resume : path-like, optional
            A file in which the progress is saved: a run that was killed continues
            where it stopped, if its source and its function are the same; global
            variables are not compared. It is deleted at the end.
        on_error : str
            ``"stop"``, or ``"skip"`` to leave out chunks on which the function fails.
        tries : int
            How often the function is called for a chunk before it counts as failed.
        only : iterable of SkippedChunk, optional
            Run over these chunks only, which an earlier run left out.
        workers : int
            The number of other processes to run in, which share the budget; the memory
            of their libraries comes on top. Only the values are returned.
        on : str or distributed.Client, optional
            Run on a Dask cluster: a client, the address of a scheduler, or ``"dask"``
            for the current client; or on Ray: ``"ray"`` for the cluster of
            ``ray.init()``. Where there is none, a cluster on this machine starts, and
            is closed at the end.
        progress : callable, optional
            Called after each chunk with a `Step`.
        rehearsal : bool
            Whether a notebook cell without effects is run on a few rows first.

        Returns
        -------
        ChunkedSummary
            The summary, with the result of the reduction as its ``value``.

        Raises
        ------
        MemkitError
            If an option is invalid; the message says what is valid.
        """
        __tracebackhide__ = True
        # The preparation before the first chunk counts as time of the run too.
        start_s = time.perf_counter()
        if on_error not in {"stop", "skip"}:
            message = f"on_error must be 'stop' or 'skip', not {on_error!r}"
            raise MemkitError(message)
        options = RunOptions(
            op=op,
            out=out,
            resume=resume,
            skips=on_error == "skip",
            tries=check_count("tries", tries),
            only=None if only is None else tuple(only),
            workers=check_count("workers", workers, least=0, most=_MOST_WORKERS),
            on=on,
            is_rehearsed=rehearsal,
        )
        with Interrupts() as interrupts, ExitStack() as stack:
            job, ledger = self._open_job(options, interrupts, stack)
            value = None
            try:
                value = job.run(progress)
            except BaseException:
                value = ledger.sink.rescue()
                raise
            finally:
                self.position = job.position
                self.summary = summary = job.close(value, start_s)
        return summary

    def _reject_rewriting(self) -> None:
        """Reject a cell that would leave only the rows of the last chunk in a file."""
        path = getattr(self._function, "rewritten", None)
        if path is None or self._settings.limit == 1:
            return
        message = (
            f"each chunk would write {path} anew, so only the rows of the last one "
            "would be left; end the cell with the rows and add --out FILE, or give "
            "each chunk its own file, with chunk_info.number in its name"
        )
        raise MemkitError(message)

    def _open_job(
        self, options: RunOptions, interrupts: Interrupts, stack: ExitStack
    ) -> tuple[Job, Ledger]:
        """Rehearse the function, and open what the run needs."""
        __tracebackhide__ = True
        is_whole = options.only is None
        if is_whole:
            self._reject_rewriting()
        # The values in a file are joined.
        op = options.op if options.out is None else "concat"
        function, sort = self._function, None
        if op in ALIGNED and isinstance(function, CellBody):
            function = function.without_last_sort()
            sort = function.sort
        settings = self._settings
        keys: tuple[str, ...] = ()
        notes: tuple[str, ...] = ()
        with interrupts.allowed():
            if isinstance(function, CellBody):
                # Imported for cells: no other function can be rehearsed.
                from jupyter_memkit.techniques.chunked.rehearsal import (  # noqa: PLC0415
                    rehearse,
                )

                found = rehearse(
                    self._source,
                    settings,
                    function,
                    op if is_whole else None,
                    tries=options.is_rehearsed and is_whole,
                )
                settings, keys, notes = found.settings, found.keys, found.notes
            # None if nothing is known of the function.
            is_repeatable = getattr(function, "is_repeatable", None)
            if is_repeatable is False and is_whole and options.resume is None:
                settings = read_ahead_types(self._source, settings)
        checkpoint = self._open_checkpoint(settings, options)
        sink = open_sink(
            options.op,
            options.out,
            resumable=checkpoint is not None,
            keys=keys,
            sort=sort,
        )
        ledger = Ledger(sink, checkpoint, notes)
        cluster = None
        if options.on is not None:
            # Few runs need it.
            from jupyter_memkit.techniques.chunked.parallel.choosing import (  # noqa: PLC0415
                open_cluster,
            )

            with interrupts.allowed():
                cluster = open_cluster(
                    options.on,
                    memory_bytes=settings.memory_bytes,
                    n_workers=options.workers or None,
                )
            stack.enter_context(cluster)
        job = Job(
            self._source,
            settings,
            function,
            ledger=ledger,
            options=options,
            interrupts=interrupts,
            cluster=cluster,
            is_repeatable=bool(is_repeatable),
        )
        return job, ledger

    def _open_checkpoint(
        self, settings: Settings, options: RunOptions
    ) -> Checkpoint | None:
        """Return the checkpoint, with the properties that a resumed run must share."""
        if options.resume is None:
            return None
        op, out, function = options.op, options.out, self._function
        decides_rows = settings.rows is None and settings.is_memory_given
        identity = {
            "the source": self._source.fingerprint(),
            "the cell": identify(function),
            "the reduction": identify(op) if callable(op) else op,
            "the file of --out": None if out is None else os.fspath(out),
            "what is read": [
                settings.rows,
                settings.memory_bytes if decides_rows else None,
                settings.columns,
                settings.backend,
                sorted(settings.types.items()),
                sorted(settings.categories),
            ],
        }
        return Checkpoint(options.resume, identity)


class _Values:
    """The values of a function over chunks, one at a time."""

    def __init__(
        self, source: Source, settings: Settings, function: Callable[[Any], Any]
    ) -> None:
        self._plan = settings.plan_rows(source)
        request = settings.request(source, self._plan)
        self._run = LocalRun(
            RunSpec(
                source=source,
                request=request,
                function=function,
                position=Position(),
                interrupts=Interrupts(),
            )
        )
        self._left = settings.limit
        self._value: list[Any] = []
        self._start_bytes: int | None = None

    def step(self) -> bool:
        """Process the next chunk; False at the end."""
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
        # The values that the user keeps do not count towards the budget.
        growth_bytes = peak.peak_bytes - min(self._start_bytes, peak.before_bytes)
        self._plan.learn(outcome.rows, growth_bytes, 0)
        self._value.append(outcome.take())
        return True

    def take(self) -> Any:
        """Return the value, and drop the reference to it."""
        return self._value.pop()

    def close(self) -> None:
        """Close the source."""
        self._run.close()
