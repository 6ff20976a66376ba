"""Reports a run over chunks: its progress, its summary, its failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_memkit.show.progress import open_bar
from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.chunked.step import Step
from jupyter_memkit.techniques.chunked.summary import (
    ChunkedSummary,
    SkippedChunk,
)
from jupyter_memkit.units import (
    format_bytes,
    format_count,
    format_duration,
    format_given,
)

if TYPE_CHECKING:  # most runs train no model
    from jupyter_memkit.techniques.chunked.training import Fitted

_VALUE_WIDTH = 60

# Above this, columns are counted instead of named.
_MANY = 12


def build_report(summary: ChunkedSummary) -> Report:
    """Build the report of a run; a large value is described instead of printed."""
    rows = build_memory_rows(summary)
    if summary.columns:
        rows.append(("columns", describe_columns(summary.columns, None)))
    rows.extend(map(_describe_skipped, summary.skipped))
    notes = list(summary.notes)
    if summary.skipped:
        numbers = ",".join(str(chunk.number) for chunk in summary.skipped)
        notes.append(f"--only {numbers} runs the skipped chunks again.")
    if summary.value is not None:
        line, is_whole = _describe_value(summary.value)
        rows.append(("value", line))
        if not is_whole:
            notes.append("The value is the summary's .value; --into NAME assigns it.")
    return Report(
        title=(
            f"{format_count(summary.chunks, 'chunk')}, "
            f"{format_count(summary.rows, 'row')} "
            f"in {format_duration(summary.duration_s)}"
        ),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def build_memory_rows(run: ChunkedSummary | Fitted) -> list[tuple[str, str]]:
    """Build the rows about the memory of a run, and its budget."""
    growth_bytes = max(0, run.peak_bytes - run.before_bytes)
    # The run first returns what is free, so the cell itself can rise by less.
    peak = (
        f"{format_bytes(run.peak_bytes)}, of which the run took "
        f"{format_bytes(growth_bytes)}"
    )
    growth = f"{format_bytes(growth_bytes)} of {format_given(run.budget_bytes)}"
    return [
        ("peak", peak if run.exact else f"{peak} (sampled)"),
        ("budget", f"{growth} used"),
    ]


def build_failure(
    summary: ChunkedSummary, position: str, *, interrupted: bool, into: str | None
) -> str:
    """Describe a run that ended early: where, and what is kept."""
    happened = "was interrupted" if interrupted else "failed"
    done = format_count(summary.chunks, "chunk")
    if not summary.chunks:
        kept = "no chunk was completed"
    elif into is not None:
        kept = f"the result of {done} is kept in {into}"
    elif summary.value is not None:
        kept = f"the result of {done} is lost; --into NAME would keep it"
    else:
        kept = f"{done} {'was' if summary.chunks == 1 else 'were'} completed"
    return f"{position} {happened}; {kept}"


@contextmanager
def open_chunk_progress() -> Iterator[Callable[[Step], object]]:
    """Show a progress bar of the rows, with the number of chunks and the memory.

    Yields
    ------
    callable
        Takes a `Step` after each chunk.
    """
    with open_bar("rows") as bar:

        def update(step: Step) -> None:
            peak = format_bytes(step.chunk_peak_bytes)
            budget = format_bytes(step.budget_bytes)
            bar(
                step.rows,
                step.total_rows,
                f"{format_count(step.chunks, 'chunk')}, peak {peak} of {budget}",
            )

        yield update


def describe_columns(
    columns: tuple[str, ...], all_columns: tuple[str, ...] | None
) -> str:
    """Return the names of the columns, or their number if there are many."""
    names = ", ".join(columns) if len(columns) <= _MANY else f"{len(columns)} columns"
    if all_columns is not None and len(columns) < len(all_columns):
        return f"{names} (of {len(all_columns)})"
    return names


def _describe_skipped(chunk: SkippedChunk) -> tuple[str, str]:
    last = chunk.first_row + chunk.rows - 1
    place = f"rows {chunk.first_row:,} to {last:,}"
    return f"skipped {chunk.number}", f"{place}: {chunk.error}"


def _describe_value(value: object) -> tuple[str, bool]:
    """Describe a value in one line; return also whether that shows all of it."""
    size = len(value) if hasattr(value, "__len__") else 0
    # The repr of a large value would cost more than the line is worth.
    line = repr(value) if size <= _VALUE_WIDTH else ""
    if line and len(line) <= _VALUE_WIDTH and "\n" not in line:
        return line, True
    name = type(value).__name__
    return (f"{name} of length {size:,}" if size else name), False
