"""Shows the status of the kit."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass

from jupyter_memkit import __version__
from jupyter_memkit.show.report import Report
from jupyter_memkit.track.tracker import MemoryTracker, Reading
from jupyter_memkit.units import format_bytes, format_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status of the kit at a moment.

    Attributes
    ----------
    reading : Reading
        The memory of the process and its limit.
    exact : bool
        Whether the peaks of cells are the system's, or from samples.
    cells : int
        How many cells have ended since the tracker started.
    tracked_s : float
        How long the tracker has been running, in seconds.
    gc_enabled : bool
        Whether Python's cyclic garbage collector runs by itself.
    """

    reading: Reading
    exact: bool
    cells: int
    tracked_s: float
    gc_enabled: bool


def read_status(tracker: MemoryTracker) -> Status:
    """Return the status of the kit now."""
    return Status(
        reading=tracker.now(),
        exact=tracker.exact,
        cells=tracker.cells_ended,
        tracked_s=time.time() - tracker.started_s,
        gc_enabled=gc.isenabled(),
    )


def build_report(status: Status) -> Report:
    """Build what a person reads of a status."""
    reading = status.reading
    limit = "none found"
    if reading.limit_bytes is not None:
        share = reading.rss_bytes / reading.limit_bytes
        limit = f"{format_bytes(reading.limit_bytes)} ({reading.limit_name})"
        limit += f", {share:.1%} of it in use"
    peaks = (
        "exact, the system's high-water mark"
        if status.exact
        else "sampled: this system has no high-water mark that can be reset"
    )
    collector = "running" if status.gc_enabled else "paused"
    return Report(
        title=f"jupyter_memkit {__version__}: {format_bytes(reading.rss_bytes)} in use",
        rows=(
            ("limit", limit),
            ("peaks of cells", peaks),
            (
                "tracking",
                f"{status.cells} cells in {format_duration(status.tracked_s)}",
            ),
            ("garbage collector", collector),
        ),
    )
