"""Reports what holds memory needlessly, and what holds an object."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.measure.holders import Holders
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.track.leaks import Leak, Leaks
from jupyter_memkit.units import format_bytes

# The largest variables that no recent cell used.
_SHOWN_UNUSED = 5


def build_report(found: Leaks | Holders) -> Report:
    """Build the report of leaks, or of holders."""
    if isinstance(found, Holders):
        return _build_holders(found)
    notes = tuple(_build_notes(found))
    if not found.leaks:
        title = (
            "no leaks of the known kinds"
            if found.complete
            else "no leaks found within the time limit"
        )
        return Report(title=title, notes=notes)
    total_bytes = sum(leak.bytes or 0 for leak in found.leaks)
    title = f"up to {format_bytes(total_bytes)} can be freed"
    rows = tuple(
        (_format_bytes(leak), leak.name, leak.note, leak.cure) for leak in found.leaks
    )
    return Report(
        title=title if total_bytes else "some memory can be freed",
        table=Table(
            columns=(
                ("can be freed", "number"),
                ("held by", "code"),
                ("why", "text"),
                ("remedy", "code"),
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
        yield "Incomplete: the time limit was reached; --budget 20s extends it."
    if found.unused:
        names = ", ".join(
            f"{each.name} ({format_bytes(each.bytes)}, cell [{each.used_in}])"
            for each in found.unused[:_SHOWN_UNUSED]
        )
        more = len(found.unused) - _SHOWN_UNUSED
        rest = f" and {more} more" if more > 0 else ""
        yield f"Not leaks, but not used by the last cells: {names}{rest}."


def _build_holders(found: Holders) -> Report:
    notes = []
    if found.more:
        notes.append(f"{found.more} more are not shown.")
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
