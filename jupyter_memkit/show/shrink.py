"""Reports what shrinking arrays and frames saved."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.show.to_numpy import (
    describe_copies,
    describe_holders,
    describe_ratio,
)
from jupyter_memkit.techniques.arrays.records import Part, Replaced, Shrunk
from jupyter_memkit.techniques.variables.undo import Restored
from jupyter_memkit.units import format_bytes, format_count, format_duration

_SHOWN = 100

_WAYS = {
    "original": "the same object, which something else still held",
    "converted": "converted back from the smaller one",
}


def build_report(record: Shrunk | Restored) -> Report:
    """Build the report of shrinking, or of undoing it."""
    if isinstance(record, Restored):
        return Report(
            title=f"{', '.join(record.names)}: restored",
            rows=tuple((name, _WAYS[record.ways[name]]) for name in record.names),
        )
    rows = []
    if record.freed_bytes is not None and record.freed_bytes > 0:
        rows.append(("returned to the system", format_bytes(record.freed_bytes)))
    rows.append(("took", format_duration(record.duration_s)))
    return Report(
        title=_build_title(record),
        rows=tuple(rows),
        table=_build_table(record.variables),
        notes=tuple(_build_notes(record)),
    )


def _build_title(shrunk: Shrunk) -> str:
    names = ", ".join(each.name for each in shrunk.variables)
    parts = [part for each in shrunk.variables for part in each.parts]
    if not any(part.after_bytes < part.before_bytes for part in parts):
        size = format_bytes(shrunk.before_bytes)
        return f"{names}: {size}; no smaller type keeps every value"
    before, after = format_bytes(shrunk.before_bytes), format_bytes(shrunk.after_bytes)
    ratio = describe_ratio(shrunk.before_bytes, shrunk.after_bytes)
    if shrunk.dry_run:
        return f"{names}: would shrink from {before} to {after}, {ratio}"
    return f"{names}: {before} → {after}, {ratio}"


def _build_table(variables: tuple[Replaced, ...]) -> Table | None:
    parts = [(each, part) for each in variables for part in each.parts]
    several = len(variables) > 1
    rows = tuple(
        _build_row(each, part, several=several) for each, part in parts[:_SHOWN]
    )
    if not rows:
        return None
    return Table(
        columns=(
            ("column", "code"),
            ("dtype", "text"),
            ("smaller", "text"),
            ("before", "number"),
            ("after", "number"),
            ("note", "text"),
        ),
        rows=rows,
    )


def _build_row(each: Replaced, part: Part, *, several: bool) -> tuple[str, ...]:
    name = part.label or each.name
    changed = part.after_dtype != part.before_dtype or (
        part.after_bytes < part.before_bytes
    )
    return (
        f"{each.name}: {name}" if several and part.label else name,
        part.before_dtype,
        part.after_dtype if changed else "",
        format_bytes(part.before_bytes),
        format_bytes(part.after_bytes),
        part.note,
    )


def _build_notes(shrunk: Shrunk) -> Iterator[str]:
    parts = [part for each in shrunk.variables for part in each.parts]
    if len(parts) > _SHOWN:
        yield f"Not shown: {format_count(len(parts) - _SHOWN, 'more column')}."
    if shrunk.dry_run:
        yield "Nothing was changed."
        return
    yield from describe_copies(shrunk.copies)
    yield from describe_holders(shrunk.variables)
    changed = [part for part in parts if part.after_bytes < part.before_bytes]
    if any(part.after_dtype.lower().startswith(("int", "uint")) for part in changed):
        yield "Arithmetic between small integers can overflow; their .sum() does not."
    if any(part.after_dtype.lower().startswith("float") for part in changed):
        yield "Sums of small floats are rounded; convert them to float64 first."
    if any(part.after_dtype == "category" for part in changed):
        yield (
            "Categories that a selection lacks count as 0 in value_counts() and, "
            "before pandas 3, in groupby()."
        )
    if changed:
        names = " ".join(each.name.replace(",", "") for each in shrunk.variables)
        yield f"%shrink --undo {names} reverts it."
