"""Reports what a run over chunks would do."""

from __future__ import annotations

from jupyter_memkit.show.chunked import describe_columns
from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.chunked.plan import ChunkedPlan
from jupyter_memkit.units import format_bytes, format_count, format_duration


def build_report(plan: ChunkedPlan) -> Report:
    """Build the report of a plan."""
    columns = plan.columns if plan.columns is not None else plan.all_columns
    budget = f"a budget of {format_bytes(plan.budget_bytes)}"
    rows = [
        ("rows", "unknown" if plan.total_rows is None else f"{plan.total_rows:,}"),
        *(
            [("columns", describe_columns(columns, plan.all_columns))]
            if columns
            else []
        ),
        *([("backend", plan.backend)] if plan.backend else []),
        ("chunks", _describe_chunks(plan)),
        ("memory", f"{format_bytes(plan.peak_bytes)} to read a chunk, of {budget}"),
    ]
    if plan.reading_s is not None:
        rows.append(("time", f"{format_duration(plan.reading_s)} to read all"))
    return Report(
        title=f"{plan.source}: what %%chunked would do",
        rows=tuple(rows),
        notes=("The cell was not run; the memory that it needs is not included.",),
    )


def _describe_chunks(plan: ChunkedPlan) -> str:
    size = f"{format_count(plan.rows, 'row')} each, or fewer as the cell needs"
    return size if plan.chunks is None else f"{plan.chunks:,} of {size}"
