"""Shows the hints, each with its cure."""

from __future__ import annotations

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.track.advice import Advice, Advices
from jupyter_memkit.units import format_bytes


def build_report(found: Advices) -> Report:
    """Build what a person reads of the hints."""
    count = len(found.advices)
    notes = () if found.complete else ("Time was up before all was looked at.",)
    if not count:
        title = "no advice: nothing stands out" if found.complete else "no advice yet"
        return Report(title=title, notes=notes)
    return Report(
        title=f"{count} {'hint' if count == 1 else 'hints'}",
        table=Table(
            columns=(("seen", "text"), ("saves", "text"), ("cure", "code")),
            rows=tuple((each.text, _tell(each), each.cure) for each in found.advices),
        ),
        notes=notes,
    )


def _tell(advice: Advice) -> str:
    if advice.bytes_now is None or advice.bytes_after is None:
        return "time"
    return f"{format_bytes(advice.bytes_now)} → {format_bytes(advice.bytes_after)}"
