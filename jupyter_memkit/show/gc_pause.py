"""Reports a pause of the garbage collector, and the collector's state."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.gc_pausing.avoided import AVOIDED_IS_LOWER_BOUND
from jupyter_memkit.techniques.gc_pausing.pause import GcPause
from jupyter_memkit.techniques.gc_pausing.switch import GcStatus
from jupyter_memkit.units import format_bytes, format_duration


def build_report(record: GcPause | GcStatus) -> Report:
    """Build the report of a pause or of the collector's state."""
    if isinstance(record, GcStatus):
        return _build_status(record)
    return _build_pause(record)


def describe_status(status: GcStatus) -> str:
    """Return the collector's state in one phrase."""
    if status.paused_by is None:
        return "running"
    phrase = "thresholds raised" if status.enabled else "paused"
    phrase += f" by {status.paused_by}"
    if status.paused_s is not None:
        phrase += f" for {format_duration(status.paused_s)}"
    if status.cells:
        phrase += f" and {status.cells} cell{'s' if status.cells > 1 else ''}"
    return phrase


def _build_status(status: GcStatus) -> Report:
    return Report(
        title=f"Garbage collector: {describe_status(status)}",
        rows=(
            ("counts", ", ".join(map(str, status.count))),
            ("thresholds", ", ".join(map(str, status.threshold))),
        ),
        notes=(status.note,),
    )


def _build_pause(pause: GcPause) -> Report:
    if pause.duration_s is None:
        return Report(title="Garbage collector: a pause that has not ended")
    what = "paused"
    if pause.options.thresholds is not None:
        what = f"thresholds {'raised' if pause.has_raised else 'unchanged'}"
    title = f"Garbage collector: {what} for {format_duration(pause.duration_s)}"
    return Report(
        title=title,
        rows=(
            *_build_resumption_row(pause),
            ("collections avoided", _describe_avoided(pause)),
            ("closing collection", _describe_closing(pause)),
        ),
        notes=pause.notes,
    )


def _build_resumption_row(pause: GcPause) -> Iterator[tuple[str, str]]:
    resumed = pause.resumption
    if resumed is None:
        return
    found = _describe_found(resumed.reclaimed_objects, resumed.reclaimed_bytes)
    after, growth = format_duration(resumed.after_s), format_bytes(resumed.growth_bytes)
    text = f"after {after}, when the process had grown by {growth}: {found}"
    yield "resumed early", text


def _describe_avoided(pause: GcPause) -> str:
    if pause.options.thresholds is not None and not pause.has_raised:
        return "none"
    # Objects that were created and freed again are not counted.
    if not pause.collections_avoided:
        return "unknown"
    bound = "at least" if AVOIDED_IS_LOWER_BOUND else "about"
    return f"{bound} {pause.collections_avoided:,}"


def _describe_closing(pause: GcPause) -> str:
    if pause.collect_s is None or pause.reclaimed_bytes is None:
        return "none"
    found = _describe_found(pause.reclaimed_objects, pause.reclaimed_bytes)
    of = ", of objects created since the start" if pause.is_frozen else ""
    return f"{format_duration(pause.collect_s)}{of}, {found}"


def _describe_found(n_objects: int | None, n_bytes: int) -> str:
    return (
        f"{n_objects or 0:,} unreachable objects, {format_bytes(n_bytes)} returned to "
        "the system"
    )
