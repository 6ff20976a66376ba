"""One run over chunks from start to end."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.techniques.chunked.budget import RowPlan
from jupyter_memkit.techniques.chunked.ledger import Ledger
from jupyter_memkit.techniques.chunked.options import RunOptions
from jupyter_memkit.techniques.chunked.outcome import ChunkOutcome
from jupyter_memkit.techniques.chunked.position import Position
from jupyter_memkit.techniques.chunked.restarts import Restarts
from jupyter_memkit.techniques.chunked.results.sinks import Reduced
from jupyter_memkit.techniques.chunked.run import LocalRun, Run, RunSpec
from jupyter_memkit.techniques.chunked.run_memory import RunMemory
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Request, Source
from jupyter_memkit.techniques.chunked.step import Step
from jupyter_memkit.techniques.chunked.summary import ChunkedSummary

if TYPE_CHECKING:
    from jupyter_memkit.techniques.chunked.parallel.cluster import Cluster


class Job:
    """A run of a function over a source.

    Parameters
    ----------
    source : Source
        The source of the chunks.
    settings : Settings
        How it is read.
    function : callable
        Takes a chunk and returns its value.
    ledger : Ledger
        Counts the chunks, and takes their values.
    options : RunOptions
        The choices of the user.
    interrupts : Interrupts
        Allowed only where Ctrl-C leaves nothing half done.
    cluster : Cluster, optional
        The cluster to run on; without it, this process or its workers.
    is_repeatable : bool
        Whether running the function again is proven to do nothing twice.

    Attributes
    ----------
    position : Position
        Where the run is.
    """

    def __init__(
        self,
        source: Source,
        settings: Settings,
        function: Callable[[Any], Any],
        *,
        ledger: Ledger,
        options: RunOptions,
        interrupts: Interrupts,
        cluster: Cluster | None = None,
        is_repeatable: bool = False,
    ) -> None:
        self.position = Position()
        self._source = source
        self._settings = settings
        self._function = function
        self._ledger = ledger
        self._options = options
        self._interrupts = interrupts
        self._restarts = Restarts(
            source,
            function,
            is_repeatable=is_repeatable,
            is_partial=options.only is not None,
        )
        self._cluster = cluster
        self._n_workers = options.workers if cluster is None else cluster.n_workers
        self._memory = RunMemory(self._n_workers)
        self._total_rows: int | None = None

    def run(self, progress: Callable[[Step], object] | None) -> Any:
        """Run over all chunks, and return the result of the sink."""
        __tracebackhide__ = True
        start = self._resume()
        while True:
            try:
                self._run_chunks(start, progress)
                break
            except Exception as error:
                settings = self._restarts.find_settings(
                    error, self._settings, self._ledger, self.position
                )
                if settings is None:
                    raise
                self._settings, start = settings, None
                self._ledger.reset()
                self.position = Position()
        if not self._ledger.chunks_seen:
            message = f"{self._source.name} has no rows; there is nothing to run over"
            raise SourceError(message)
        with self._interrupts.allowed():
            result = self._ledger.sink.finish()
        self._ledger.discard_saved()
        return result

    def close(self, value: Any, start_s: float) -> ChunkedSummary:
        """End the run, and return its summary.

        Parameters
        ----------
        value : object
            The result.
        start_s : float
            The start of the run, by `time.perf_counter`.
        """
        ledger = self._ledger
        ledger.sink.close()
        peak = self._memory.close()
        return ChunkedSummary(
            source=self._source.name,
            chunks=ledger.chunks,
            rows=ledger.rows,
            duration_s=time.perf_counter() - start_s,
            before_bytes=peak.before_bytes,
            peak_bytes=peak.peak_bytes,
            budget_bytes=self._settings.memory_bytes,
            exact=peak.exact,
            workers=self._n_workers,
            columns=self._settings.columns,
            backend=self._settings.backend,
            skipped=tuple(ledger.skipped),
            resumed_rows=ledger.resumed_rows,
            notes=tuple(ledger.notes),
            value=value,
        )

    def _resume(self) -> Any:
        """Return the place in the source where an earlier run stopped, if any."""
        progress = self._ledger.resume()
        if progress is None:
            return None
        self._settings = dataclasses.replace(
            self._settings.with_types(progress.types),
            memory_bytes=progress.memory_bytes,
        )
        self.position = Position(number=progress.number, first_row=progress.first_row)
        return progress.end

    def _run_chunks(
        self, start: Any, progress: Callable[[Step], object] | None
    ) -> None:
        __tracebackhide__ = True
        # This process and the workers share the budget in equal parts.
        plan = self._settings.plan_rows(
            self._source, parts=1 + self._n_workers, steady=self._ledger.is_saved
        )
        request = self._settings.request(self._source, plan)
        # Read once: some sources look it up in the file.
        self._total_rows = self._source.total_rows
        for position, part in self._parts(request, start):
            self.position = position
            run = self._open(part, position)
            try:
                while self._count_left() != 0:
                    outcome = run.step()
                    if outcome is None:
                        break
                    self._take(outcome, plan, progress)
                    del outcome
            except BaseException:
                self._ledger.save_rest(self._settings)
                raise
            finally:
                run.close()

    def _parts(
        self, request: Request, start: Any
    ) -> Iterable[tuple[Position, Request]]:
        """Yield the parts to run over: the rest of the source, or single chunks."""
        if self._options.only is None:
            yield self.position, dataclasses.replace(request, start=start)
            return
        for chunk in self._options.only:
            position = Position(number=chunk.number, first_row=chunk.first_row)
            yield (
                position,
                dataclasses.replace(
                    request,
                    start=chunk.start,
                    end=chunk.end,
                    rows=partial(int, chunk.rows),
                ),
            )

    def _open(self, request: Request, position: Position) -> Run:
        spec = RunSpec(
            source=self._source,
            request=request,
            function=self._function,
            tries=self._options.tries,
            skips=self._options.skips,
            limit=self._count_left(),
            position=position,
            interrupts=self._interrupts,
        )
        if self._cluster is not None and self._options.only is None:
            sink = self._ledger.sink
            operation = sink.operation if isinstance(sink, Reduced) else None
            # Most runs need neither this nor what is imported below.
            from jupyter_memkit.techniques.chunked.parallel.cluster_run import (  # noqa: PLC0415
                ClusterRun,
            )

            return ClusterRun(spec, self._cluster, operation)
        if self._n_workers:
            from jupyter_memkit.techniques.chunked.parallel.workers import (  # noqa: PLC0415
                WorkersRun,
            )

            return WorkersRun(spec, self._n_workers)
        return LocalRun(spec)

    def _count_left(self) -> int | None:
        """Return how many chunks are left, if there is a limit."""
        limit = self._settings.limit
        return None if limit is None else max(0, limit - self._ledger.chunks_seen)

    def _take(
        self,
        outcome: ChunkOutcome,
        plan: RowPlan,
        progress: Callable[[Step], object] | None,
    ) -> None:
        """Count a chunk and its value, and adjust the plan to the memory it took."""
        __tracebackhide__ = True
        if outcome.error is None:
            self._ledger.add(outcome)
        elif self._restarts.find_missing(outcome.error, self._settings) is not None:
            # With all columns the cell may succeed.
            raise outcome.error
        else:
            self._ledger.skip(outcome)
        self._ledger.save(outcome, self._settings)
        growth_bytes = self._memory.measure(outcome)
        if progress is not None:
            progress(self._step(outcome, growth_bytes))
        self._memory.adjust(plan, outcome, growth_bytes)

    def _step(self, outcome: ChunkOutcome, growth_bytes: int) -> Step:
        rows = outcome.first_row + outcome.rows
        total = self._total_rows
        if self._options.only is not None:
            rows = self._ledger.rows + sum(each.rows for each in self._ledger.skipped)
            total = sum(each.rows for each in self._options.only)
        elif total is None and outcome.piece.fraction:
            total = max(rows, round(rows / outcome.piece.fraction))
        return Step(
            chunks=self._ledger.chunks,
            rows=rows,
            total_rows=total,
            chunk_peak_bytes=growth_bytes,
            budget_bytes=self._settings.memory_bytes,
        )
