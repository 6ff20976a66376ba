"""Reports the hints, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.hints.records import Hint, Hints
from jupyter_memkit.show.accuracy import SIGNS
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.units import format_bytes, format_duration

# The largest variables that no recent cell used.
_SHOWN_UNUSED = 5
_SHOWN_SKIPPED = 5
# The least time that is suggested where one was too short.
_LONG_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice(Hints):
    """The hints of `%memkit advice`, which `%memleaks` does not all search for."""

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001 - IPython's signature
        # IPython would take the repr of this class before the report of its base.
        printer.text(build_report(self).text())


def build_report(found: Hints) -> Report:
    """Build the report of the hints."""
    notes = tuple(_build_notes(found))
    count = len(found.hints)
    if not count:
        title = "no hints: nothing stands out" if found.complete else "no hints yet"
        return Report(title=title, notes=notes)
    total_bytes = sum(hint.bytes or 0 for hint in found.hints)
    title = f"{count} {'hint' if count == 1 else 'hints'}"
    if total_bytes:
        title += f": up to {format_bytes(total_bytes)} can be freed"
    return Report(
        title=title,
        table=Table(
            columns=(
                ("saves", "number"),
                ("where", "code"),
                ("why", "text"),
                ("remedy", "code"),
            ),
            rows=tuple(
                (_format_saving(hint), hint.name, hint.found, hint.cure)
                for hint in found.hints
            ),
        ),
        notes=notes,
    )


def _format_saving(hint: Hint) -> str:
    if hint.saved_s is not None:
        return f"≈ {format_duration(hint.saved_s)}"
    if hint.bytes is None:
        return ""
    return f"{SIGNS[hint.accuracy]}{format_bytes(hint.bytes)}"


def _build_notes(found: Hints) -> Iterator[str]:
    if not found.complete:
        magic = "%memkit advice" if isinstance(found, Advice) else "%memleaks"
        longer_s = max(_LONG_S, 10 * found.budget_s)
        yield (
            f"Incomplete: the time limit was reached; {magic} --budget {longer_s:.0f}s "
            "extends it."
        )
    if found.skipped:
        yield (
            "Not searched for small views of large arrays, because they refer to too "
            f"many objects: {_join(found.skipped, _SHOWN_SKIPPED)}."
        )
    if found.unused:
        names = [
            f"{each.name} ({format_bytes(each.bytes)}, cell [{each.used_in}])"
            for each in found.unused
        ]
        shown = _join(names, _SHOWN_UNUSED)
        yield f"Not leaks, but not used by the last cells: {shown}."


def _join(names: Sequence[str], most: int) -> str:
    """Return the first names, and the number of the others."""
    more = len(names) - most
    rest = f" and {more} more" if more > 0 else ""
    return ", ".join(names[:most]) + rest
