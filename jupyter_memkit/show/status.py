"""Reports the status of jupyter_memkit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_memkit import __version__
from jupyter_memkit.records import Record
from jupyter_memkit.show.accuracy import SIGNS
from jupyter_memkit.show.gc_pause import describe_status
from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.gc_pausing.switch import GcStatus, read_gc_status
from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.track.deaths import Death, last_death
from jupyter_memkit.track.moment import Reading
from jupyter_memkit.track.tracker import MemoryTracker
from jupyter_memkit.units import format_bytes, format_count, format_duration

if TYPE_CHECKING:  # imported only when a reading is taken
    from jupyter_memkit.measure.gpu import GpuReading


_USERS = {
    "kernel": "this kernel",
    "family": "this kernel and its child processes",
    "container": "all processes of its container",
    "machine": "all processes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Record):
    """The status of jupyter_memkit at one moment.

    Attributes
    ----------
    reading : Reading
        The memory of the process and its limit.
    exact : bool
        Whether the peaks of cells are the system's high-water marks rather than
        sampled.
    cells : int
        The number of cells that have ended since the tracker started.
    tracked_s : float
        How long the tracker has been running, in seconds.
    collector : GcStatus
        The state of Python's garbage collector.
    death : Death or None
        What is known of the last kernel of this notebook that died.
    unguarded : str or None
        Why the guard that a setting asks for is not armed.
    """

    reading: Reading
    exact: bool
    cells: int
    tracked_s: float
    collector: GcStatus
    death: Death | None = None
    unguarded: str | None = None


def read_status(tracker: MemoryTracker) -> Status:
    """Return the current status."""
    return Status(
        reading=tracker.now(),
        exact=tracker.exact,
        cells=tracker.cells_ended,
        tracked_s=time.time() - tracker.started_s,
        collector=read_gc_status(),
        death=last_death(),
        unguarded=process_guard().obstacle or None,
    )


def build_report(status: Status) -> Report:
    """Build the report of a status."""
    reading = status.reading
    limit = "none found"
    if gauge := reading.gauge:
        limit = (
            f"{format_bytes(gauge.limit_bytes)} ({gauge.name}), "
            f"{gauge.used_bytes / gauge.limit_bytes:.1%} of it in use by "
            f"{_USERS[gauge.covers]}"
        )
    peaks = (
        "exact, the system's high-water mark"
        if status.exact
        else "sampled: this system has no resettable high-water mark"
    )
    cure = status.collector.cure
    tracked = format_count(status.cells, "cell")
    return Report(
        title=f"jupyter_memkit {__version__}: {format_bytes(reading.rss_bytes)} in use",
        rows=(
            ("limit", limit),
            *_build_children_row(reading),
            *_build_swap_row(reading),
            *_build_gpu_rows(reading.gpu),
            ("peaks of cells", peaks),
            (
                "tracking",
                f"{tracked} in {format_duration(status.tracked_s)}",
            ),
            ("garbage collector", describe_status(status.collector)),
            *((("guard", status.unguarded),) if status.unguarded else ()),
            *_build_death_rows(status.death),
        ),
        notes=(f"{cure} resumes the garbage collector.",) if cure else (),
    )


def _build_children_row(reading: Reading) -> Iterator[tuple[str, str]]:
    if reading.children:
        size = format_bytes(reading.children_bytes)
        yield (
            "child processes",
            f"{size} in {reading.children}; %memkit processes lists them",
        )


def _build_death_rows(death: Death | None) -> Iterator[tuple[str, str]]:
    if death is None:
        return
    yield "last kernel", death.cause
    if death.first_line is not None:
        cell = f"[{death.execution_count}] {death.first_line}"
        rate = format_bytes(int(death.growth_bytes_per_s))
        yield "it was running", f"{cell}, growing by {rate} a second"
    if death.variables:
        names = ", ".join(
            f"{each.name} {SIGNS[each.accuracy]}{format_bytes(each.bytes)}"
            for each in death.variables
        )
        yield "its variables", names


def _build_swap_row(reading: Reading) -> Iterator[tuple[str, str]]:
    if reading.swap_bytes:
        yield "in swap", format_bytes(reading.swap_bytes)


def _build_gpu_rows(gpu: GpuReading) -> Iterator[tuple[str, str]]:
    if gpu.reason is not None:
        yield "GPU", f"none: {gpu.reason}"
    for device in gpu.devices:
        parts = [
            f"{format_bytes(device.used_bytes)} of {format_bytes(device.total_bytes)}"
        ]
        if device.process_bytes is not None:
            parts.append(f"this kernel {format_bytes(device.process_bytes)}")
        yield f"GPU {device.index}", f"{', '.join(parts)}: {device.name}"
    for allocator in gpu.allocators:
        parts = [f"{format_bytes(allocator.allocated_bytes)} allocated"]
        if allocator.reserved_bytes is not None:
            parts.append(f"{format_bytes(allocator.reserved_bytes)} reserved")
        if allocator.peak_bytes is not None:
            parts.append(f"peak {format_bytes(allocator.peak_bytes)}")
        yield f"{allocator.library} on GPU {allocator.device}", ", ".join(parts)
