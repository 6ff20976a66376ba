"""Reports what was moved to disk, and what is there."""

from __future__ import annotations

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Kind, Table
from jupyter_memkit.techniques.spilling.listing import SpilledVariables
from jupyter_memkit.techniques.spilling.variables import Spilled
from jupyter_memkit.units import format_bytes, format_duration

# If more than this share of the moved bytes is not freed, the report says why.
_MISSING = 0.1
_LEAST_BYTES = 1024 * 1024

_COLUMNS: tuple[tuple[str, Kind], ...] = (
    ("name", "code"),
    ("on disk", "number"),
    ("in memory", "number"),
    ("type", "text"),
    ("shape", "number"),
    ("file", "text"),
)


def build_report(record: Spilled | SpilledVariables) -> Report:
    """Build the report of a move, or of the list."""
    if isinstance(record, SpilledVariables):
        return _build_list(record)
    return _build_back(record) if record.is_back else _build_move(record)


def _build_move(spilled: Spilled) -> Report:
    notes = ["Changes are written to the file, which is deleted when the kernel ends."]
    missing_bytes = spilled.file_bytes - spilled.freed_bytes
    if missing_bytes > max(_LEAST_BYTES, _MISSING * spilled.file_bytes):
        notes.append(
            "Less was freed than written: untouched pages had taken no memory, and "
            "something else may still hold the rest."
        )
    if spilled.forgotten:
        forgotten = ", ".join(spilled.forgotten)
        notes.append(
            f"Outputs deleted, because they referred to the data: {forgotten}."
        )
    return Report(
        title=(
            f"{', '.join(spilled.names)} on disk: {format_bytes(spilled.file_bytes)} "
            f"written, {_format_freed(spilled.freed_bytes)}"
        ),
        rows=(
            *_list_along(spilled),
            ("file", ", ".join(map(str, spilled.paths))),
            ("took", format_duration(spilled.duration_s)),
            ("in use now", format_bytes(spilled.rss_bytes)),
        ),
        notes=tuple(notes),
    )


def _build_back(spilled: Spilled) -> Report:
    files = ", ".join(map(str, spilled.paths))
    kept = (
        f"Something else, perhaps an output, still uses {files}, so it is kept. "
        "%memfree --outputs releases outputs."
    )
    return Report(
        title=(
            f"{', '.join(spilled.names)} back in memory: "
            f"{format_bytes(spilled.file_bytes)} read"
        ),
        rows=(
            *_list_along(spilled),
            ("took", format_duration(spilled.duration_s)),
            ("in use now", format_bytes(spilled.rss_bytes)),
        ),
        notes=(kept,) if spilled.held else (),
    )


def _build_list(listed: SpilledVariables) -> Report:
    rows = tuple(
        (
            "(no variable)" if each.name is None else each.name,
            format_bytes(each.file_bytes),
            "?" if each.resident_bytes is None else format_bytes(each.resident_bytes),
            each.type,
            " x ".join(f"{length:,}" for length in each.shape or ()),
            str(each.path),
        )
        for each in listed.variables
    )
    notes = []
    if listed.removed_bytes:
        removed = format_bytes(listed.removed_bytes)
        notes.append(f"Removed {removed} left by killed kernels.")
    if rows:
        notes.append(
            "The system reclaims their pages in memory when it needs them; %spill "
            "--back NAME moves one back to memory."
        )
    return Report(
        title=f"{format_bytes(listed.file_bytes)} on disk"
        if rows
        else "nothing is on disk; %spill NAME moves an array or a frame there",
        table=Table(columns=_COLUMNS, rows=rows) if rows else None,
        notes=tuple(notes),
    )


def _list_along(spilled: Spilled) -> tuple[tuple[str, str], ...]:
    if not spilled.along:
        return ()
    return (("moved along", f"{', '.join(spilled.along)} (the same memory)"),)


def _format_freed(freed_bytes: int) -> str:
    if freed_bytes <= 0:
        return "nothing was freed"
    return f"{format_bytes(freed_bytes)} returned to the system"
