"""Reports what was freed."""

from __future__ import annotations

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.techniques.release import Freed
from jupyter_memkit.units import format_bytes

# Smaller changes are noise.
_SHOWN_BYTES = 64 * 1024


def build_report(freed: Freed) -> Report:
    """Build the report of freed memory."""
    rows = tuple(
        (format_bytes(step.freed_bytes), step.name)
        for step in freed.steps
        if step.freed_bytes >= _SHOWN_BYTES
    )
    table = Table(columns=(("freed", "number"), ("by releasing", "text")), rows=rows)
    return Report(
        title=(
            f"{_format_total(freed.total_bytes)}; {format_bytes(freed.rss_bytes)} in "
            "use now"
        ),
        table=table if rows else None,
        notes=_build_notes(freed),
    )


def _format_total(total_bytes: int) -> str:
    if total_bytes < 0:
        return f"nothing was freed, use rose by {format_bytes(-total_bytes)}"
    if total_bytes == 0:
        return "nothing was freed"
    return f"{format_bytes(total_bytes)} returned to the system"


def _build_notes(freed: Freed) -> tuple[str, ...]:
    notes = []
    if freed.workers:
        count = f"{freed.workers} idle worker{'s' if freed.workers > 1 else ''}"
        notes.append(
            f"Ended {count} of joblib, which used {format_bytes(freed.workers_bytes)}."
        )
    if freed.copies:
        notes.append(f"No longer held by {', '.join(freed.copies)}.")
    notes += [
        f"{name} is deleted, but its value is still held by {', '.join(chains)}."
        for name, chains in freed.held.items()
    ]
    return tuple(notes)
