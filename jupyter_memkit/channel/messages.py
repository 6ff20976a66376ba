"""Builds the messages of the protocol from the tracker's records."""

from __future__ import annotations

from jupyter_memkit import __version__, protocol
from jupyter_memkit.channel.news import CollectorPause, News
from jupyter_memkit.measure.gauge import gauge_message
from jupyter_memkit.measure.gpu_watch import GpuFigures
from jupyter_memkit.techniques.guard.mark import Mark
from jupyter_memkit.track.activity import Activity
from jupyter_memkit.track.cells import CellRecord, OpenCell
from jupyter_memkit.track.highest import Highest
from jupyter_memkit.track.history import Sample
from jupyter_memkit.track.largest import LargeVariable
from jupyter_memkit.track.moment import Reading
from jupyter_memkit.track.tracker import MemoryTracker

_CELLS_IN_SNAPSHOT = 100


def samples_message(
    samples: list[Sample],
    reading: Reading,
    highest: Highest | None,
    cells_ended: int,
    running: OpenCell | None,
    news: News,
) -> protocol.Samples:
    """Build the broadcast of new readings."""
    return {
        "type": "samples",
        "protocol": protocol.PROTOCOL_VERSION,
        "samples": _columns(samples),
        "present": _present(reading, highest, cells_ended, news),
        "running": _running(running),
        "activity": _activity(news.activity),
    }


def cells_message(records: list[CellRecord]) -> protocol.Cells:
    """Build the broadcast of cells that have ended."""
    return {
        "type": "cells",
        "protocol": protocol.PROTOCOL_VERSION,
        "cells": [_cell(record) for record in records],
    }


def snapshot_message(
    tracker: MemoryTracker, news: News, *, since_s: float, credit: int
) -> protocol.Snapshot:
    """Build the reply to a subscription."""
    records = tracker.latest_cells(_CELLS_IN_SNAPSHOT)
    return {
        "type": "snapshot",
        "protocol": protocol.PROTOCOL_VERSION,
        "version": __version__,
        "samples": _columns(tracker.history(since_s)),
        "present": _present(
            tracker.latest_reading(), tracker.highest, tracker.cells_ended, news
        ),
        "cells": [
            _cell(record)
            for record in records
            if record.started_s + record.duration_s > since_s
        ],
        "running": _running(tracker.running),
        "activity": _activity(news.activity),
        "credit": credit,
    }


def _columns(samples: list[Sample]) -> protocol.SampleColumns:
    return {
        "t_s": [sample.t_s for sample in samples],
        "rss_bytes": [sample.rss_bytes for sample in samples],
        "peak_bytes": [sample.peak_bytes for sample in samples],
        "children_bytes": [sample.children_bytes for sample in samples],
    }


def _present(
    reading: Reading, highest: Highest | None, cells_ended: int, news: News
) -> protocol.Present:
    return {
        "children": reading.children,
        "children_bytes": reading.children_bytes,
        "swap_bytes": reading.swap_bytes,
        "gauge": gauge_message(reading.gauge),
        "highest": _highest(highest),
        "gpus": [
            {
                "index": device.index,
                "name": device.name,
                "used_bytes": device.used_bytes,
                "total_bytes": device.total_bytes,
                "process_bytes": device.process_bytes,
                "allocators": [
                    {
                        "library": allocator.library,
                        "allocated_bytes": allocator.allocated_bytes,
                        "reserved_bytes": allocator.reserved_bytes,
                        "peak_bytes": allocator.peak_bytes,
                    }
                    for allocator in reading.gpu.allocators
                    if allocator.device == device.index
                ],
            }
            for device in reading.gpu.devices
        ],
        "largest": list(map(variable_size, news.largest)),
        "collector_pause": _collector_pause(news.collector_pause),
        "guard": _guard(news.guard),
        "cells_ended": cells_ended,
    }


def variable_size(variable: LargeVariable) -> protocol.VariableSize:
    """Return the name and the size of a variable."""
    return {
        "name": variable.name,
        "bytes": variable.bytes,
        "accuracy": variable.accuracy,
    }


def _highest(highest: Highest | None) -> protocol.Highest | None:
    if highest is None:
        return None
    return {
        "bytes": highest.bytes,
        "execution_count": highest.execution_count,
        "cell_id": highest.cell_id,
        "exact": highest.exact,
    }


def _guard(mark: Mark | None) -> protocol.GuardStatus | None:
    return None if mark is None else {"mark": mark.text, "action": mark.action}


def _collector_pause(pause: CollectorPause | None) -> protocol.CollectorPause | None:
    if pause is None:
        return None
    return {"enabled": pause.enabled, "by": pause.by, "since_s": pause.since_s}


def _running(cell: OpenCell | None) -> protocol.RunningCell | None:
    if cell is None:
        return None
    return {
        "execution_count": cell.execution_count,
        "cell_id": cell.cell_id,
        "first_line": cell.first_line,
        "started_s": cell.started_s,
        "before_bytes": cell.watch.before_bytes,
        "peak_bytes": cell.watch.peak_bytes,
        "exact": cell.watch.exact,
    }


def _activity(activity: Activity | None) -> protocol.Activity | None:
    if activity is None:
        return None
    return {
        "label": activity.label,
        "unit": activity.unit,
        "reported_s": activity.reported_s,
        "done": activity.done,
        "total": activity.total,
        "per_s": activity.per_s,
        "chunks": activity.chunks,
        "chunk_peak_bytes": activity.chunk_peak_bytes,
        "budget_bytes": activity.budget_bytes,
    }


def _cell_gpu(figures: GpuFigures) -> protocol.CellGpu:
    return {
        "library": figures.library,
        "device": figures.device,
        "before_bytes": figures.before_bytes,
        "after_bytes": figures.after_bytes,
        "peak_bytes": figures.peak_bytes,
        "at_most_bytes": figures.at_most_bytes,
        "exact": figures.exact,
    }


def _cell(record: CellRecord) -> protocol.Cell:
    return {
        "execution_count": record.execution_count,
        "cell_id": record.cell_id,
        "first_line": record.first_line,
        "started_s": record.started_s,
        "duration_s": record.duration_s,
        "before_bytes": record.before_bytes,
        "after_bytes": record.after_bytes,
        "peak_bytes": record.peak_bytes,
        "exact": record.exact,
        "peak_line": record.peak_line,
        "children_before_bytes": record.children_before_bytes,
        "children_peak_bytes": record.children_peak_bytes,
        "children_exact": record.children_exact,
        "gpu_before_bytes": record.gpu_before_bytes,
        "gpu_peak_bytes": record.gpu_peak_bytes,
        "gpus": [_cell_gpu(figures) for figures in record.gpus],
        "gc_s": record.gc_s,
        "gc_young": record.gc_young,
        "gc_middle": record.gc_middle,
        "gc_old": record.gc_old,
        "minor_faults": record.minor_faults,
        "major_faults": record.major_faults,
        "error": record.error,
    }
