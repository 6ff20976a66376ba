"""Reports on notebooks that were run, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jupyter_memkit.headless.compare import CellChange, RunComparison, rise
from jupyter_memkit.headless.records import CellRun, NotebookRun
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.units import format_bytes, format_duration, format_given

_LINE_LETTERS = 48
_SHOWN_VARIABLES = 3
_SHOWN_BYTES = 1024 * 1024


def build_report(run: NotebookRun) -> Report:
    """Build the report of a run."""
    highest = max(run.cells, key=lambda cell: cell.highest_bytes, default=None)
    title = f"{run.notebook} has no code"
    if run.failure is not None:
        title = f"{run.notebook} failed: {run.failure}"
    elif highest is not None:
        title = (
            f"{run.notebook} needs {format_bytes(run.needs_bytes)}; "
            f"memory is highest in cell {highest.number}"
        )
    return Report(
        title=title,
        rows=tuple(_build_rows(run)) if run.cells else (),
        table=_build_table(run) if run.cells else None,
        notes=tuple(_build_notes(run)),
    )


def _build_rows(run: NotebookRun) -> Iterator[tuple[str, str]]:
    yield "highest", format_bytes(run.highest_bytes)
    yield "the runner", format_bytes(run.runner_bytes)
    if run.gauge is not None:
        limit = format_bytes(run.gauge.limit_bytes)
        yield "limit here", f"{limit} ({run.gauge.name})"


def _build_table(run: NotebookRun) -> Table:
    has_gpu = any(cell.gpu_peak_bytes for cell in run.cells)
    rows = []
    for cell in run.cells:
        mark = "" if cell.exact else " sampled"
        gpu = (format_bytes(cell.gpu_peak_bytes or 0),) if has_gpu else ()
        rows.append(
            (
                f"{cell.number}" + (" failed" if cell.error else ""),
                f"{format_bytes(cell.highest_bytes)}{mark}",
                format_change(cell.after_bytes - cell.before_bytes),
                *gpu,
                format_duration(cell.duration_s),
                f"{cell.gc_s / cell.duration_s:.0%}" if cell.duration_s else "",
                truncate(cell.first_line),
                ", ".join(_describe_variables(cell)),
            )
        )
    gpu_column = (("GPU", "number"),) if has_gpu else ()
    return Table(
        columns=(
            ("cell", "number"),
            ("highest", "number"),
            ("kept", "number"),
            *gpu_column,
            ("time", "number"),
            ("GC", "number"),
            ("line", "code"),
            ("largest variables at its end", "text"),
        ),
        rows=tuple(rows),
    )


def _describe_variables(cell: CellRun) -> Iterator[str]:
    for name, n_bytes in list(cell.variables.items())[:_SHOWN_VARIABLES]:
        if n_bytes >= _SHOWN_BYTES:
            yield f"{truncate(name)} {format_bytes(n_bytes)}"


def _build_notes(run: NotebookRun) -> Iterator[str]:
    if run.unguarded is not None:
        yield run.unguarded
    if run.cells and run.failure is None:
        yield (
            f"A container with {format_bytes(run.needs_bytes)} has room for the "
            "kernel, its child processes and the process that executes the notebook."
        )
    if not all(cell.exact for cell in run.cells):
        yield "Sampled figures can miss a spike between two readings."


def explain_over(cells: Sequence[CellRun], max_bytes: int) -> list[str]:
    """Return a line for each cell that exceeded a size."""
    return [
        f"cell {cell.number} took {format_bytes(cell.highest_bytes)}, more than "
        f"{format_given(max_bytes)}: {truncate(cell.first_line)}"
        for cell in cells
    ]


def build_comparison(compared: RunComparison) -> Report:
    """Build the report of two runs."""
    worse = sum(change.is_worse for change in compared.cells)
    before_bytes, after_bytes = compared.before.needs_bytes, compared.after.needs_bytes
    title = "nothing takes more memory"
    if worse:
        noun = "cell takes" if worse == 1 else "cells take"
        title = f"{worse} {noun} more memory"
    elif compared.needs_more:
        title = "the notebook needs more memory"
    if compared.new_failure is not None:
        title = f"{compared.after.notebook} failed: {compared.new_failure}"
    return Report(
        title=title,
        rows=(
            ("needs", f"{format_bytes(before_bytes)} → {format_bytes(after_bytes)}"),
        ),
        table=Table(
            columns=(
                ("cell", "number"),
                ("before", "number"),
                ("after", "number"),
                ("change", "number"),
                ("time", "number"),
                ("line", "code"),
            ),
            rows=tuple(_build_change(change) for change in compared.cells),
        ),
        notes=(
            "The highest memory of a cell above its start, child processes included.",
        ),
    )


def _build_change(change: CellChange) -> tuple[str, ...]:
    before, after = change.before, change.after
    if after is None:
        assert before is not None, "a change is of at least one cell"
        line = truncate(before.first_line)
        return "", format_bytes(rise(before)), "gone", "", "", line
    time = format_duration(after.duration_s)
    line = truncate(after.first_line)
    if before is None:
        return f"{after.number}", "new", format_bytes(rise(after)), "", time, line
    more = format_change(rise(after) - rise(before))
    return (
        f"{after.number}",
        format_bytes(rise(before)),
        format_bytes(rise(after)),
        f"{more} worse" if change.is_worse else more,
        f"{format_duration(before.duration_s)} → {time}",
        line,
    )


def format_change(n_bytes: int) -> str:
    """Format a change of a size with its sign."""
    return f"{'+' if n_bytes > 0 else ''}{format_bytes(n_bytes)}"


def truncate(text: str) -> str:
    """Return a text that fits into a column."""
    return text if len(text) <= _LINE_LETTERS else f"{text[: _LINE_LETTERS - 1]}…"
