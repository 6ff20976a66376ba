"""Shows a pause of the garbage collector, and how the collector stands."""

from __future__ import annotations

from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.gc_pause import GcPause
from jupyter_memkit.techniques.gc_switch import GcStatus
from jupyter_memkit.units import format_bytes, format_duration


def build_report(record: GcPause | GcStatus) -> Report:
    """Build what a person reads of a pause or of a status."""
    if isinstance(record, GcStatus):
        return _build_status(record)
    return _build_pause(record)


def _build_status(status: GcStatus) -> Report:
    title = "Garbage collector: running"
    if not status.enabled:
        title = f"Garbage collector: paused by {status.paused_by}"
    if status.paused_s is not None:
        title += f" for {format_duration(status.paused_s)}"
    return Report(
        title=title,
        rows=(
            ("counts", ", ".join(map(str, status.count))),
            ("thresholds", ", ".join(map(str, status.threshold))),
        ),
        notes=(status.note,),
    )


def _build_pause(pause: GcPause) -> Report:
    if pause.duration_s is None:
        return Report(title="Garbage collector: a pause that has not ended")
    title = f"Garbage collector: paused for {format_duration(pause.duration_s)}"
    # Objects that were made and freed again leave no count behind.
    avoided, closing = "unknown", "none"
    if pause.collections_avoided:
        avoided = f"at least {pause.collections_avoided}"
    if pause.collect_s is not None and pause.reclaimed_bytes is not None:
        closing = (
            f"{format_duration(pause.collect_s)}, "
            f"{pause.reclaimed_objects} unreachable objects, "
            f"{format_bytes(pause.reclaimed_bytes)} back to the system"
        )
    return Report(
        title=title,
        rows=(("collections avoided", avoided), ("closing collection", closing)),
        notes=(pause.note,),
    )
