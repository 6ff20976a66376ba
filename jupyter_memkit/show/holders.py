"""Reports what keeps an object alive."""

from __future__ import annotations

from jupyter_memkit.measure.holders import Holders
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table


def build_report(found: Holders) -> Report:
    """Build the report of the holders of an object."""
    notes = []
    if found.more:
        notes.append(f"Not shown: {found.more} more.")
    if not found.complete:
        notes.append("Incomplete: the time limit was reached.")
    if not found.chains:
        return Report(
            title="no variable leads to it",
            notes=(
                (
                    "A running function or a reference cycle may hold it; the next "
                    "garbage collection frees a cycle."
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
