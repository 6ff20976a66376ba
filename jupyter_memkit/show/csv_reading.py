"""Reports how to read a file with small types."""

from __future__ import annotations

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.show.to_numpy import describe_ratio
from jupyter_memkit.techniques.arrays.csv_reading.advice import ReadingAdvice
from jupyter_memkit.units import format_bytes


def build_report(advice: ReadingAdvice) -> Report:
    """Build the report of the advice on reading a file."""
    before_bytes = sum(part.before_bytes for part in advice.parts)
    after_bytes = sum(part.after_bytes for part in advice.parts)
    rows = tuple(
        (
            part.label,
            part.before_dtype,
            part.after_dtype if part.after_dtype != part.before_dtype else "",
            format_bytes(part.before_bytes // advice.rows),
            format_bytes(part.after_bytes // advice.rows),
            part.note,
        )
        for part in advice.parts
    )
    seen = (
        f"all {advice.rows:,} rows"
        if advice.complete
        else (f"a sample of {advice.rows:,} rows from across the file")
    )
    ratio = describe_ratio(before_bytes, after_bytes)
    notes = [f"From {seen}."]
    if not advice.complete:
        notes.append(
            "If the rest contains a number that does not fit, pandas raises an error; "
            "use a larger dtype then."
        )
    return Report(
        title=f"{advice.path}: {ratio} with these dtypes",
        table=Table(
            columns=(
                ("column", "code"),
                ("dtype", "text"),
                ("smaller", "text"),
                ("bytes per row", "number"),
                ("after", "number"),
                ("note", "text"),
            ),
            rows=rows,
        ),
        # The code is a note, which puts it on a separate line.
        notes=(*notes, *advice.code.splitlines()),
    )
