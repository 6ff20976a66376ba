"""The state of the kernel's memory, short enough for a log or a prompt."""

from __future__ import annotations

import json
from typing import Any

from jupyter_memkit import __version__, protocol
from jupyter_memkit.channel.news import read_news
from jupyter_memkit.track.activity import Activities, activities
from jupyter_memkit.track.tracker import MemoryTracker, tracker

# Limits for texts in bytes of JSON, where a character can take six or twelve.
_TEXT_BYTES = 72
_MOST_GPUS = 4


def state() -> dict[str, Any]:
    """Return the state of this kernel's memory in at most 2 KB of JSON.

    This takes a few milliseconds, also while a cell runs, because no variable is
    measured. The kernel sends the same in reply to the request ``state`` on its control
    channel.

    Returns
    -------
    dict
        Plain values with the keys of `jupyter_memkit.protocol.State`: bytes are
        integers, times are seconds since the epoch, and None means unavailable.

    Raises
    ------
    MemkitError
        If no tracker is running.

    Examples
    --------
    >>> with MemoryTracker():
    ...     len(json.dumps(state())) <= 2048
    True
    """
    return dict(read_state(tracker(), activities()))


def read_state(tracker: MemoryTracker, work: Activities) -> protocol.State:
    """Return the state as a message."""
    reading = tracker.now()
    running = tracker.running
    ended = tracker.cells
    highest = max(ended, key=lambda cell: cell.peak_bytes, default=None)
    news = read_news(work)
    return {
        "type": "state",
        "protocol": protocol.PROTOCOL_VERSION,
        "version": __version__,
        "rss_bytes": reading.rss_bytes,
        "limit": None
        if reading.limit_bytes is None
        else {"bytes": reading.limit_bytes, "name": _cut(reading.limit_name or "")},
        "swap_bytes": reading.swap_bytes,
        "children": reading.children,
        "children_bytes": reading.children_bytes,
        "gpus": [
            {
                "index": device.index,
                "used_bytes": device.used_bytes,
                "total_bytes": device.total_bytes,
                "process_bytes": device.process_bytes,
            }
            for device in reading.gpu.devices[:_MOST_GPUS]
        ],
        "collector_paused_by": None
        if news.collector_pause is None
        else _cut(news.collector_pause.by),
        "activity": None
        if news.activity is None
        else {
            "label": _cut(news.activity.label),
            "done": news.activity.done,
            "total": news.activity.total,
        },
        "running": None
        if running is None
        else {
            "execution_count": running.execution_count,
            "first_line": _cut(running.first_line),
            "started_s": running.started_s,
            "before_bytes": running.watch.before_bytes,
            "peak_bytes": running.watch.peak_bytes,
        },
        "exact": tracker.exact,
        "cells_ended": tracker.cells_ended,
        "last_cell": _summarize(ended[-1]) if ended else None,
        "highest_cell": None if highest is None else _summarize(highest),
    }


def _summarize(cell: Any) -> protocol.CellSummary:
    return {
        "execution_count": cell.execution_count,
        "first_line": _cut(cell.first_line),
        "duration_s": round(cell.duration_s, 3),
        "before_bytes": cell.before_bytes,
        "after_bytes": cell.after_bytes,
        "peak_bytes": cell.peak_bytes,
        "children_peak_bytes": cell.children_peak_bytes,
        "error": None if cell.error is None else _cut(cell.error),
    }


def _cut(text: str) -> str:
    """Truncate a text to a number of bytes in JSON."""
    text = text[:_TEXT_BYTES]
    while len(json.dumps(text)) > _TEXT_BYTES:
        text = text[:-1]
    return text
