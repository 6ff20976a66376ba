"""Reports the loaded libraries."""

from __future__ import annotations

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Kind, Table
from jupyter_memkit.show.unload import TRUTH
from jupyter_memkit.techniques.unloading import Libraries, Library
from jupyter_memkit.units import format_bytes

_COLUMNS: tuple[tuple[str, Kind], ...] = (
    ("library", "code"),
    ("memory, at least", "number"),
    ("modules", "number"),
    ("used by", "text"),
    ("can be unloaded", "text"),
)
_SHOWN = 3
_MEANING = (
    "≈: objects of the modules and pages of their compiled files that are in memory "
    "now; not what unloading would free."
)


def build_report(found: Libraries) -> Report:
    """Build the report of the loaded libraries."""
    count = len(found.libraries)
    unused = len(found.unused)
    title = f"{count} {'library' if count == 1 else 'libraries'}; {unused} unused"
    if not found.libraries:
        return Report(title="only the kernel's own libraries are loaded")
    notes = [_MEANING]
    if not found.complete:
        notes.append("Incomplete: the time limit was reached.")
    if unused:
        notes.append("%unload --unused unloads those that nothing uses.")
    return Report(
        title=title,
        table=Table(
            columns=_COLUMNS,
            rows=tuple(_build_row(each) for each in found.libraries),
            keys=tuple(_build_keys(each) for each in found.libraries),
        ),
        notes=(*notes, TRUTH),
    )


def _build_row(library: Library) -> tuple[str, ...]:
    return (
        library.name,
        f"≈ {format_bytes(library.bytes)}",
        str(library.modules),
        _name_users(library),
        "yes" if library.reason is None else _shorten(library),
    )


def _build_keys(library: Library) -> tuple[float | str, ...]:
    return (
        library.name,
        float(library.bytes),
        float(library.modules),
        _name_users(library),
        str(library.reason is None),
    )


def _name_users(library: Library) -> str:
    users = [*library.names, *library.users]
    if not users:
        return "nothing"
    more = f" and {len(users) - _SHOWN} more" if len(users) > _SHOWN else ""
    return ", ".join(users[:_SHOWN]) + more


def _shorten(library: Library) -> str:
    """Return the reason without the common prefix and the remedy."""
    reason = (library.reason or "").removeprefix(f"{library.name} stays: ")
    return f"no: {reason.partition(',')[0].partition(';')[0]}"
