"""Shows what holds memory without need, and who holds an object."""

from __future__ import annotations

from jupyter_memkit.measure.holders import Holders
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.track.leaks import Leaks
from jupyter_memkit.units import format_bytes


def build_report(found: Leaks | Holders) -> Report:
    """Build what a person reads of leaks, or of holders."""
    if isinstance(found, Holders):
        return _build_holders(found)
    notes: tuple[str, ...] = ()
    if not found.complete:
        notes = ("Time was up before all was looked at; --budget gives more.",)
    if not found.leaks:
        return Report(title="nothing of the known kinds holds memory", notes=notes)
    total_bytes = sum(leak.bytes or 0 for leak in found.leaks)
    title = f"up to {format_bytes(total_bytes)} are held without need"
    rows = tuple(
        (
            "" if leak.bytes is None else format_bytes(leak.bytes),
            leak.name,
            leak.note,
            leak.cure,
        )
        for leak in found.leaks
    )
    return Report(
        title=title if total_bytes else "something holds memory without need",
        table=Table(
            columns=(
                ("would come back", "number"),
                ("held by", "code"),
                ("why", "text"),
                ("cure", "code"),
            ),
            rows=rows,
        ),
        notes=notes,
    )


def _build_holders(found: Holders) -> Report:
    notes = []
    if found.more:
        notes.append(f"{found.more} more.")
    if not found.complete:
        notes.append("Time was up before everything was searched.")
    if not found.chains:
        return Report(
            title="no name leads to it",
            notes=(
                (
                    "A running function or a circle of objects may hold it; "
                    "a circle goes with the next collection."
                ),
                *notes,
            ),
        )
    count = len(found.chains) + found.more
    return Report(
        title=f"held in {count} {'place' if count == 1 else 'places'}",
        table=Table(
            columns=(("reached as", "code"), ("held by", "text")),
            rows=tuple((chain.text, chain.holder) for chain in found.chains),
        ),
        notes=tuple(notes),
    )
