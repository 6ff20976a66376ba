"""Shows what keeps an object alive."""

from __future__ import annotations

from jupyter_memkit.measure.holders import Holders
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table


def build_report(found: Holders) -> Report:
    """Build what a person reads of the holders of an object."""
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
