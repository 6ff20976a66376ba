"""Reports why code ran out of memory."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.show.guard import build_cures, describe_variable
from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.out_of_memory.records import OutOfMemory
from jupyter_memkit.units import format_bytes


def build_report(failed: OutOfMemory) -> Report:
    """Build the report of a failure."""
    place = "" if failed.device is None else f" on {failed.device}"
    asked = ""
    if failed.asked_bytes is not None:
        asked = f": {failed.library or 'the cell'} asked for "
        asked += format_bytes(failed.asked_bytes)
    return Report(
        title=f"Out of memory{place}{asked}",
        rows=tuple(_build_rows(failed)),
        table=build_cures(failed.cures),
    )


def _build_rows(failed: OutOfMemory) -> Iterator[tuple[str, str]]:
    if failed.line is not None:
        yield "line", failed.line
    if failed.unusable_bytes:
        size = format_bytes(failed.unusable_bytes)
        why = "free in torch's cache, but in blocks that were too small"
        yield "could not be used", f"{size} {why}"
    if failed.returned_bytes:
        size = format_bytes(failed.returned_bytes)
        yield "freed", f"{size} that the failed calls held"
    if failed.free_bytes is not None:
        yield "free now", format_bytes(failed.free_bytes)
    if failed.variables:
        yield "variables", ", ".join(map(describe_variable, failed.variables))
