"""Reports a snapshot of the namespace, and what changed between two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jupyter_memkit.show.accuracy import SIGNS
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.track.snapshots import Comparison, Moments, Snapshot
from jupyter_memkit.units import format_bytes, format_count

_SHOWN = 20
_SHOWN_TYPES = 5
# Smaller changes in the number of objects are noise.
_SHOWN_OBJECTS = 100
# Running a cell changes the process by less than this.
_LEAST_RISE_BYTES = 1024 * 1024
_LEAST_RISE_RATIO = 0.1
# Less is shared among very many values, such as small integers.
_LEAST_SHARED_BYTES = 1024 * 1024


def build_report(found: Snapshot | Comparison | Moments) -> Report:
    """Build the report of a snapshot, of a comparison, or of the names."""
    if isinstance(found, Moments):
        listed = ", ".join(found.names) or "none; %memsnap NAME takes one"
        return Report(title=f"snapshots: {listed}")
    if isinstance(found, Snapshot):
        count = sum(map(found.lists, found.sizes))
        noun = "variable" if count == 1 else "variables"
        total = format_bytes(found.rss_bytes)
        return Report(title=f"snapshot taken: {count} {noun}, {total} in use")
    return Report(
        title=f"memory in use {_format_change(found.rss_bytes)}",
        rows=tuple(_build_rows(found)),
        table=_build_table(found) if found.variables else None,
        notes=tuple(_build_notes(found)),
    )


def _build_notes(found: Comparison) -> Iterator[str]:
    rise, elsewhere = found.rss_bytes, found.elsewhere_bytes
    is_elsewhere = elsewhere >= max(_LEAST_RISE_BYTES, rise * _LEAST_RISE_RATIO)
    if rise <= 0:
        if not found.variables:
            yield "No variable changed in size."
    elif is_elsewhere and _exceeds_error(elsewhere, found):
        sign = SIGNS["estimate" if found.error_bytes else "exact"]
        part = sign + format_bytes(min(rise, elsewhere))
        share = "The rise" if elsewhere >= rise else f"{part} of the rise"
        yield (
            f"{share} is not in variables: outputs, libraries or the allocator hold "
            "it; %memleaks looks for it."
        )
    elif not _exceeds_error(rise, found):
        if is_elsewhere or not found.variables:
            yield (
                "Some sizes are estimates, and the rise is within their error: it may "
                "be in variables or elsewhere."
            )
    elif not found.variables:
        yield "The rise is too small to come from a variable."
    changes = [each.after_bytes - each.before_bytes for each in found.variables]
    shared_bytes = sum(changes) - found.together_bytes
    if abs(shared_bytes) >= _LEAST_SHARED_BYTES and _exceeds_error(
        abs(shared_bytes), found
    ):
        yield (
            f"Some memory is in several variables; together they take "
            f"{_compare_with_before(found.together_bytes)}."
        )
    accuracies = {each.accuracy for each in found.variables[:_SHOWN]}
    if "estimate" in accuracies:
        yield "≈: estimated from a sample."
    if "at least" in accuracies:
        yield "≥: only a part could be measured, so the change is uncertain."


def _exceeds_error(n_bytes: int, found: Comparison) -> bool:
    return found.error_bytes is not None and n_bytes > found.error_bytes


def _compare_with_before(n_bytes: int) -> str:
    if abs(n_bytes) < _LEAST_SHARED_BYTES:
        return "as much as before"
    return f"{format_bytes(abs(n_bytes))} {'more' if n_bytes > 0 else 'less'}"


def _build_rows(found: Comparison) -> list[tuple[str, str]]:
    rows = []
    by_type = _list({name: _sign(each) for name, each in found.types.items()})
    if by_type:
        rows.append(("by type", by_type))
    many = {
        name: f"{each:+,}"
        for name, each in found.objects.items()
        if abs(each) >= _SHOWN_OBJECTS
    }
    if many:
        rows.append(("objects", _list(many)))
    return rows


def _build_table(found: Comparison) -> Table:
    shown = found.variables[:_SHOWN]
    rows: list[tuple[str, ...]] = [
        (
            each.name,
            each.change,
            SIGNS[each.accuracy] + _sign(each.after_bytes - each.before_bytes),
            SIGNS[each.accuracy] + format_bytes(each.after_bytes),
            each.type,
        )
        for each in shown
    ]
    left = len(found.variables) - len(shown)
    if left:
        rows.append((f"and {format_count(left, 'smaller change')}", "", "", "", ""))
    return Table(
        columns=(
            ("name", "code"),
            ("", "text"),
            ("change", "number"),
            ("now", "number"),
            ("type", "text"),
        ),
        rows=tuple(rows),
    )


def _format_change(n_bytes: int) -> str:
    if n_bytes == 0:
        return "did not change"
    direction = "rose" if n_bytes > 0 else "fell"
    return f"{direction} by {format_bytes(abs(n_bytes))}"


def _sign(n_bytes: int) -> str:
    return f"+{format_bytes(n_bytes)}" if n_bytes > 0 else format_bytes(n_bytes)


def _list(differences: Mapping[str, str]) -> str:
    pairs = list(differences.items())[:_SHOWN_TYPES]
    return ", ".join(f"{name} {each}" for name, each in pairs)
