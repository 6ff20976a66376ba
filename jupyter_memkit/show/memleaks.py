"""Shows what holds memory without need, and who holds an object."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.measure.holders import Holders
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.track.leaks import Leak, Leaks
from jupyter_memkit.units import format_bytes

# The largest of the variables that were not used lately.
_SHOWN_UNUSED = 5


def build_report(found: Leaks | Holders) -> Report:
    """Build what a person reads of leaks, or of holders."""
    if isinstance(found, Holders):
        return _build_holders(found)
    notes = tuple(_build_notes(found))
    if not found.leaks:
        title = (
            "nothing of the known kinds holds memory"
            if found.complete
            else "nothing was found in the time that there was"
        )
        return Report(title=title, notes=notes)
    total_bytes = sum(leak.bytes or 0 for leak in found.leaks)
    title = f"up to {format_bytes(total_bytes)} would come back"
    rows = tuple(
        (_format_bytes(leak), leak.name, leak.note, leak.cure) for leak in found.leaks
    )
    return Report(
        title=title if total_bytes else "some memory would come back",
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


def _format_bytes(leak: Leak) -> str:
    if leak.bytes is None:
        return ""
    return f"{'' if leak.exact else 'up to '}{format_bytes(leak.bytes)}"


def _build_notes(found: Leaks) -> Iterator[str]:
    if not found.complete:
        yield "Time was up before all was looked at; --budget 20s gives more."
    if found.unused:
        names = ", ".join(
            f"{each.name} ({format_bytes(each.bytes)}, cell [{each.used_in}])"
            for each in found.unused[:_SHOWN_UNUSED]
        )
        more = len(found.unused) - _SHOWN_UNUSED
        rest = f" and {more} more" if more > 0 else ""
        yield f"Not named by the last cells, which is no leak: {names}{rest}."


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
