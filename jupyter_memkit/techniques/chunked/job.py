"""One run over chunks from start to end: counts, saves, and gives an account."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.errors import MemkitError, SourceError, add_note
from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.techniques.allocator import release_unused
from jupyter_memkit.techniques.chunked.budget import RowPlan
from jupyter_memkit.techniques.chunked.checkpoint import Checkpoint, Progress
from jupyter_memkit.techniques.chunked.cluster import Cluster
from jupyter_memkit.techniques.chunked.cluster_run import DaskRun, JoinedOutcome
from jupyter_memkit.techniques.chunked.columns.missing import find_missing
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.run import LocalRun, Outcome, Position, Run
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sinks import Reduced, Sink
from jupyter_memkit.techniques.chunked.sources.base import Request, Source, TypeChange
from jupyter_memkit.techniques.chunked.summary import ChunkedSummary, SkippedChunk
from jupyter_memkit.techniques.chunked.workers import WorkersRun
from jupyter_memkit.techniques.interrupts import Interrupts


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a run is, for a progress bar.

    Attributes
    ----------
    chunks, rows : int
        Those that are done.
    total_rows : int, optional
        All rows, or what they look to be.
    chunk_peak_bytes : int
        How far the process grew with the last chunk.
    budget_bytes : int
        How far it may.
    """

    chunks: int
    rows: int
    total_rows: int | None
    chunk_peak_bytes: int
    budget_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """What becomes of a chunk on which the function fails.

    Attributes
    ----------
    skips : bool
        Whether it is left out, and the run goes on.
    tries : int
        How often the function is called before it counts as failed.
    """

    skips: bool = False
    tries: int = 1


class Job:
    """A run of a function over a source.

    Attributes
    ----------
    position : Position
        Where it stands.
    """

    def __init__(  # noqa: PLR0913 - what makes up a run
        self,
        source: Source,
        settings: Settings,
        function: Callable[[Any], Any],
        sink: Sink,
        *,
        failures: Failures,
        interrupts: Interrupts,
        checkpoint: Checkpoint | None = None,
        only: Iterable[SkippedChunk] | None = None,
        is_repeatable: bool = False,
        n_workers: int = 0,
        cluster: Cluster | None = None,
        notes: Iterable[str] = (),
        start_s: float,
    ) -> None:
        self.position = Position()
        self._source = source
        self._settings = settings
        self._function = function
        self._sink = sink
        self._failures = failures
        self._interrupts = interrupts
        self._checkpoint = checkpoint
        self._only = None if only is None else list(only)
        self._is_repeatable = is_repeatable
        self._cluster = cluster
        self._n_workers = n_workers if cluster is None else cluster.n_workers
        self._chunks = self._rows = self._resumed_rows = 0
        self._skipped: list[SkippedChunk] = []
        self._unsaved: Outcome | None = None
        self._notes = list(notes)
        self._watch = peak_meter().open()
        self._worker_bytes = 0
        self._total_rows: int | None = None
        self._start_s = start_s

    def run(self, progress: Callable[[Step], object] | None) -> Any:
        """Do all chunks, and return the sink's result."""
        __tracebackhide__ = True
        start = self._resume()
        while True:
            try:
                self._do_all(start, progress)
                break
            except TypeChange as change:
                if not self._can_begin_anew():
                    self._refuse_to_repeat(change)
                    raise
                # Some chunks had the types that do not hold all values.
                self._widen(change)
                start = None
            except Exception as error:
                if not self._can_read_more(error):
                    raise
                start = None
        if not (self._chunks or self._skipped):
            message = f"{self._source.name} has no rows; there is nothing to run over"
            raise SourceError(message)
        with self._interrupts.allowed():
            result = self._sink.finish()
        if self._checkpoint is not None:
            self._checkpoint.remove()
        return result

    def close(self, value: Any) -> ChunkedSummary:
        """End it, and return the account with this value."""
        self._sink.close()
        peak = self._watch.close()
        return ChunkedSummary(
            source=self._source.name,
            chunks=self._chunks,
            rows=self._rows,
            duration_s=time.perf_counter() - self._start_s,
            before_bytes=peak.before_bytes,
            peak_bytes=peak.peak_bytes + self._worker_bytes * self._n_workers,
            budget_bytes=self._settings.memory_bytes,
            exact=peak.exact and not self._n_workers,
            workers=self._n_workers,
            columns=self._settings.columns,
            backend=self._settings.backend,
            skipped=tuple(self._skipped),
            resumed_rows=self._resumed_rows,
            notes=tuple(self._notes),
            value=value,
        )

    def _do_all(self, start: Any, progress: Callable[[Step], object] | None) -> None:
        __tracebackhide__ = True
        # The budget is shared with the workers, in equal parts.
        plan = self._settings.plan_rows(
            self._source,
            parts=1 + self._n_workers,
            steady=self._checkpoint is not None,
        )
        request = self._settings.request(self._source, plan)
        # Memory that the process has free would hide what the first chunks take.
        release_unused()
        # Of a file it is in the footer, which is not for reading after each chunk.
        self._total_rows = self._source.total_rows
        for position, asked in self._parts(request, start):
            self.position = position
            run = self._open(asked, position)
            try:
                while self._count_left() != 0:
                    outcome = run.step()
                    if outcome is None:
                        break
                    self._take(outcome, plan, progress)
                    del outcome
            except BaseException:
                self._save_rest()
                raise
            finally:
                run.close()

    def _parts(
        self, request: Request, start: Any
    ) -> Iterable[tuple[Position, Request]]:
        """Yield what is to be done: all, what is left, or single chunks."""
        if self._only is None:
            yield self.position, dataclasses.replace(request, start=start)
            return
        for chunk in self._only:
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
        if self._cluster is not None and self._only is None:
            return self._open_on(self._cluster, request, position)
        if self._n_workers:
            return WorkersRun(
                self._source,
                request,
                self._function,
                n_workers=self._n_workers,
                tries=self._failures.tries,
                skips=self._failures.skips,
                limit=self._count_left(),
                position=position,
                interrupts=self._interrupts,
            )
        return LocalRun(
            self._source,
            request,
            self._function,
            tries=self._failures.tries,
            skips=self._failures.skips,
            position=position,
            interrupts=self._interrupts,
        )

    def _open_on(self, cluster: Cluster, request: Request, position: Position) -> Run:
        sink = self._sink
        return DaskRun(
            self._source,
            request,
            self._function,
            cluster=cluster,
            tries=self._failures.tries,
            skips=self._failures.skips,
            operation=sink.operation if isinstance(sink, Reduced) else None,
            limit=self._count_left(),
            position=position,
            interrupts=self._interrupts,
        )

    def _count_left(self) -> int | None:
        """Return how many chunks are still to be done, if there is a limit."""
        limit = self._settings.limit
        if limit is None:
            return None
        return max(0, limit - self._chunks - len(self._skipped))

    def _take(
        self,
        outcome: Outcome,
        plan: RowPlan,
        progress: Callable[[Step], object] | None,
    ) -> None:
        """Count a chunk and its value, both or neither."""
        __tracebackhide__ = True
        if isinstance(outcome, JoinedOutcome) and isinstance(self._sink, Reduced):
            self._sink.add_part(outcome.take())
            self._chunks += outcome.chunks
            self._rows += outcome.rows
        elif outcome.error is None:
            self._sink.add(outcome.take())
            self._chunks += 1
            self._rows += outcome.rows
        elif self._find_missing(outcome.error) is not None:
            # With all columns the cell may not fail.
            raise outcome.error
        else:
            self._skip(outcome)
        self._save(outcome)
        growth_bytes = outcome.growth_bytes
        if growth_bytes is None:
            growth_bytes = max(0, outcome.peak.peak_bytes - self._watch.before_bytes)
        else:
            self._worker_bytes = max(self._worker_bytes, growth_bytes)
        if progress is not None:
            progress(self._step(outcome, growth_bytes))
        self._learn(plan, outcome, growth_bytes)

    def _learn(self, plan: RowPlan, outcome: Outcome, growth_bytes: int) -> None:
        """Let the plan know what the chunk took, and trim before it gives up."""
        start_bytes = self._watch.before_bytes
        kept_bytes = peak_meter().read_rss_bytes() - start_bytes
        if kept_bytes > plan.budget_bytes // 2 and self._only is None:
            release_unused()
            kept_bytes = peak_meter().read_rss_bytes() - start_bytes
        chunk_bytes = outcome.peak.peak_bytes - outcome.peak.before_bytes
        rows = (
            outcome.chunk_rows if isinstance(outcome, JoinedOutcome) else outcome.rows
        )
        plan.learn(rows, growth_bytes, kept_bytes, chunk_bytes)

    def _skip(self, outcome: Outcome) -> None:
        error = outcome.error
        self._skipped.append(
            SkippedChunk(
                number=outcome.number,
                first_row=outcome.first_row,
                rows=outcome.rows,
                error=f"{type(error).__name__}: {error}",
                start=outcome.piece.start,
                end=outcome.piece.end,
            )
        )

    def _step(self, outcome: Outcome, growth_bytes: int) -> Step:
        rows = outcome.first_row + outcome.rows
        total = self._total_rows
        if self._only is not None:
            rows = self._rows + sum(chunk.rows for chunk in self._skipped)
            total = sum(chunk.rows for chunk in self._only)
        elif total is None and outcome.piece.fraction:
            total = max(rows, round(rows / outcome.piece.fraction))
        return Step(
            chunks=self._chunks,
            rows=rows,
            total_rows=total,
            chunk_peak_bytes=growth_bytes,
            budget_bytes=self._settings.memory_bytes,
        )

    def _save(self, outcome: Outcome) -> None:
        self._unsaved = outcome
        if self._checkpoint is not None and self._checkpoint.is_due():
            self._write_progress(self._checkpoint, outcome)

    def _save_rest(self) -> None:
        """Save what was done since the last time, when the run fails."""
        if self._checkpoint is not None and self._unsaved is not None:
            # The user's own error is what counts.
            with suppress(MemkitError):
                self._write_progress(self._checkpoint, self._unsaved)

    def _write_progress(self, checkpoint: Checkpoint, outcome: Outcome) -> None:
        self._unsaved = None
        checkpoint.save(
            Progress(
                end=outcome.piece.end,
                chunks=self._chunks,
                rows=self._rows,
                number=outcome.number + 1,
                first_row=outcome.first_row + outcome.rows,
                skipped=tuple(self._skipped),
                types=dict(self._settings.types),
                sink=self._sink.save(),
            )
        )

    def _resume(self) -> Any:
        """Take over what an earlier run had done, and return where it stopped."""
        progress = self._checkpoint.load() if self._checkpoint is not None else None
        if progress is None:
            return None
        self._sink.restore(progress.sink)
        self._chunks, self._rows = progress.chunks, progress.rows
        self._resumed_rows = progress.rows
        self._skipped = list(progress.skipped)
        self._settings = self._settings.with_types(progress.types)
        self.position = Position(number=progress.number, first_row=progress.first_row)
        self._notes.append(
            f"Went on at row {progress.first_row:,}, where it had ended."
        )
        return progress.end

    def _can_begin_anew(self) -> bool:
        """Tell whether nothing was done yet that another run would do twice."""
        return self._only is None and (self._is_repeatable or not self._chunks)

    def _refuse_to_repeat(self, change: TypeChange) -> None:
        """Say what was done, and how to go on, where a cell may have an effect."""
        effect = getattr(self._function, "effect", None)
        if effect is not None and self._chunks:
            message = (
                f"{change}; the cell may have an effect ({effect}), so the "
                f"{self._rows:,} rows before are not run again: undo what it did with "
                "them before you run it with --types"
            )
            raise MemkitError(message) from change

    def _widen(self, change: TypeChange) -> None:
        """Begin anew with the types that hold all values so far."""
        if self._chunks:
            said = ", ".join(f"{name} is {kind}" for name, kind in change.types.items())
            self._notes.append(
                f"Began anew at row {self.position.first_row:,}, where it showed that "
                f"{said}; --types would save that."
            )
        self._begin_anew(self._settings.with_types(change.types))

    def _find_missing(self, error: Exception | None) -> str | None:
        """Return the column for whose lack the cell failed, if it was not read."""
        if error is None or not self._settings.is_pruned:
            return None
        read = set(self._settings.columns or ())
        available = self._source.columns() or ()
        return find_missing(error, [name for name in available if name not in read])

    def _can_read_more(self, error: Exception) -> bool:
        """Begin anew with all columns where the cell failed for the lack of one."""
        missing = self._find_missing(error)
        if missing is None:
            return False
        named = f"--columns {write_list([*(self._settings.columns or ()), missing])}"
        if self._only is not None or not self._is_repeatable:
            # A part of the cell has run, and would run twice.
            add_note(
                error,
                f"{missing} is a column that was not read, because the cell's code "
                f"does not show it; if the cell uses it, give {named}.",
            )
            return False
        self._notes.append(
            f"Began anew with all columns, because the cell failed without {missing}, "
            f"which its code does not show; {named} would save that."
        )
        self._begin_anew(self._settings.with_all_columns())
        return True

    def _begin_anew(self, settings: Settings) -> None:
        self._settings = settings
        self._sink.reset()
        self._chunks = self._rows = 0
        self._skipped = []
        self._unsaved = None
        self.position = Position()
