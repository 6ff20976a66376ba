"""Reports the hints, each with its remedy."""

from __future__ import annotations

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.track.advice import Advice, Advices
from jupyter_memkit.units import format_bytes


def build_report(found: Advices) -> Report:
    """Build the report of the hints."""
    count = len(found.advices)
    notes = () if found.complete else ("Incomplete: the time limit was reached.",)
    if not count:
        title = "no hints: nothing stands out" if found.complete else "no hints yet"
        return Report(title=title, notes=notes)
    return Report(
        title=f"{count} {'hint' if count == 1 else 'hints'}",
        table=Table(
            columns=(("hint", "text"), ("saves", "text"), ("remedy", "code")),
            rows=tuple(
                (each.text, _describe_saving(each), each.cure) for each in found.advices
            ),
        ),
        notes=notes,
    )


def _describe_saving(advice: Advice) -> str:
    if advice.bytes_now is None or advice.bytes_after is None:
        return "time"
    return f"{format_bytes(advice.bytes_now)} → {format_bytes(advice.bytes_after)}"
