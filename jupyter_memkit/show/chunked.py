"""What a person sees of a run over chunks: its progress, its account, its failure."""

from __future__ import annotations

from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.chunked.summary import ChunkedSummary
from jupyter_memkit.units import format_bytes, format_duration

_VALUE_WIDTH = 60


def build_report(summary: ChunkedSummary) -> Report:
    """Return what a summary shows; a large value is named, not printed."""
    growth_bytes = max(0, summary.peak_bytes - summary.before_bytes)
    peak = (
        f"{format_bytes(summary.peak_bytes)}, "
        f"{format_bytes(growth_bytes)} above the start"
    )
    rows = [("peak", peak if summary.exact else f"{peak} (sampled)")]
    notes = []
    if summary.value is not None:
        line, is_whole = _describe_value(summary.value)
        rows.append(("value", line))
        if not is_whole:
            notes.append("The value is the summary's .value; --into NAME names it.")
    return Report(
        title=(
            f"{_count(summary.chunks, 'chunk')}, {_count(summary.rows, 'row')} "
            f"in {format_duration(summary.duration_s)}"
        ),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def build_failure(
    summary: ChunkedSummary, position: str, *, interrupted: bool, into: str | None
) -> str:
    """Return the sentence on a run that ended early: where, and what is kept."""
    happened = "was interrupted" if interrupted else "failed"
    done = _count(summary.chunks, "chunk")
    if not summary.chunks:
        kept = "no chunk was done before"
    elif into is not None:
        kept = f"the result of {done} is kept in {into}"
    elif summary.value is not None:
        kept = f"the result of {done} is lost; --into NAME would keep it"
    else:
        kept = f"{done} {'was' if summary.chunks == 1 else 'were'} done before"
    return f"{position} {happened}; {kept}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _describe_value(value: object) -> tuple[str, bool]:
    """Return one line on a value, and whether that is all of it."""
    size = len(value) if hasattr(value, "__len__") else 0
    # The repr of what is large would cost more than the line is worth.
    line = repr(value) if size <= _VALUE_WIDTH else ""
    if line and len(line) <= _VALUE_WIDTH and "\n" not in line:
        return line, True
    name = type(value).__name__
    return (f"{name} of length {size:,}" if size else name), False
