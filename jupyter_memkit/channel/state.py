"""The state of the kernel's memory, short enough for a log or a prompt."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import cast

from jupyter_memkit import __version__, protocol
from jupyter_memkit.channel.messages import variable_size
from jupyter_memkit.channel.news import read_news
from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.records import Record
from jupyter_memkit.track.activity import Activities, activities
from jupyter_memkit.track.cells import CellRecord, OpenCell
from jupyter_memkit.track.highest import Highest
from jupyter_memkit.track.tracker import MemoryTracker, tracker

_MOST_BYTES = 2048
# Limits for texts in bytes of JSON, where a character can take six or twelve.
_TEXT_BYTES = 72
_MOST_GPUS = 2
_MOST_VARIABLES = 5
_MOST_CELLS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryState(Record):
    """The state of this kernel's memory, at most 2 KB as JSON.

    The values are those of the message `jupyter_memkit.protocol.State`: bytes are
    integers, times are seconds since the epoch, and None means unavailable.

    Attributes
    ----------
    version : str
        The version of jupyter_memkit.
    rss_bytes : int
        The memory of the process.
    limit : dict or None
        The limit with the least room: ``bytes``, ``used_bytes``, ``room_bytes``,
        ``name`` and ``covers``.
    highest : dict or None
        The highest memory so far: ``bytes``, ``execution_count`` and ``exact``.
    swap_bytes : int or None
        The process's own memory in swap.
    children : int
        The number of descendant processes.
    children_bytes : int
        Their memory.
    gpus : tuple of dict
        At most two devices, with ``index``, ``used_bytes``, ``total_bytes`` and
        ``process_bytes``.
    guard : dict or None
        The ``mark`` and the ``action`` of the guard while it is armed.
    collector_paused_by : str or None
        The code that paused the garbage collector.
    activity : dict or None
        Running work: its ``label``, ``done`` and ``total``.
    running : dict or None
        The running cell: ``execution_count``, ``first_line``, ``started_s``,
        ``before_bytes`` and ``peak_bytes``.
    exact : bool
        Whether the peaks of cells are the system's high-water marks, or sampled.
    cells_ended : int
        The number of cells that have ended.
    largest : tuple of dict
        The ``name`` and ``bytes`` of the largest variables when they were last
        measured after a cell, as many as fit. Only a kernel of some size measures them.
    last_cells : tuple of dict
        The last cells, the latest first, as many as fit: ``execution_count``,
        ``first_line``, ``duration_s``, ``before_bytes``, ``after_bytes``,
        ``peak_bytes``, ``children_peak_bytes`` and ``error``.
    """

    version: str
    rss_bytes: int
    limit: protocol.LimitRoom | None
    highest: protocol.HighestSummary | None
    swap_bytes: int | None
    children: int
    children_bytes: int
    gpus: tuple[protocol.GpuMemory, ...]
    guard: protocol.GuardStatus | None
    collector_paused_by: str | None
    activity: protocol.Progress | None
    running: protocol.RunningSummary | None
    exact: bool
    cells_ended: int
    largest: tuple[protocol.VariableSize, ...] = ()
    last_cells: tuple[protocol.CellSummary, ...] = ()


def state() -> MemoryState:
    """Return the state of this kernel's memory in at most 2 KB of JSON.

    This takes a few milliseconds, also while a cell runs, because no variable is
    measured. The kernel sends the same in reply to the request ``state`` on its control
    channel.

    Returns
    -------
    MemoryState
        Its ``to_dict()`` has plain values for JSON.

    Raises
    ------
    MemkitError
        If no tracker is running.

    Examples
    --------
    >>> with MemoryTracker():
    ...     len(json.dumps(state().to_dict())) <= 2048
    True
    """
    return read_state(tracker(), activities())


def read_state(tracker: MemoryTracker, work: Activities) -> MemoryState:
    """Return the state of a tracker's process."""
    reading = tracker.now()
    news = read_news(work, tracker.largest)
    pause = news.collector_pause
    found = MemoryState(
        version=__version__,
        rss_bytes=reading.rss_bytes,
        limit=_limit(reading.gauge),
        highest=_highest(tracker.highest),
        swap_bytes=reading.swap_bytes,
        children=reading.children,
        children_bytes=reading.children_bytes,
        gpus=tuple(
            {
                "index": device.index,
                "used_bytes": device.used_bytes,
                "total_bytes": device.total_bytes,
                "process_bytes": device.process_bytes,
            }
            for device in reading.gpu.devices[:_MOST_GPUS]
        ),
        guard=None
        if news.guard is None
        else {"mark": _cut(news.guard.text), "action": news.guard.action},
        collector_paused_by=None if pause is None else _cut(pause.by),
        activity=None
        if news.activity is None
        else {
            "label": _cut(news.activity.label),
            "done": news.activity.done,
            "total": news.activity.total,
        },
        running=_running(tracker.running),
        exact=tracker.exact,
        cells_ended=tracker.cells_ended,
    )
    for each in news.largest[:_MOST_VARIABLES]:
        variable = variable_size(replace(each, name=_cut(each.name)))
        found = _fit(found, replace(found, largest=(*found.largest, variable)))
    for cell in reversed(tracker.latest_cells(_MOST_CELLS)):
        last_cells = (*found.last_cells, _summarize(cell))
        found = _fit(found, replace(found, last_cells=last_cells))
    return found


def state_message(state: MemoryState) -> protocol.State:
    """Build the reply with the state."""
    message = {
        "type": "state",
        "protocol": protocol.PROTOCOL_VERSION,
        **state.to_dict(),
    }
    return cast("protocol.State", message)


def _fit(found: MemoryState, more: MemoryState) -> MemoryState:
    """Return the state with more in it, unless its message would be too long."""
    is_short = len(json.dumps(state_message(more))) <= _MOST_BYTES
    return more if is_short else found


def _limit(gauge: Gauge | None) -> protocol.LimitRoom | None:
    if gauge is None:
        return None
    return {
        "bytes": gauge.limit_bytes,
        "used_bytes": gauge.used_bytes,
        "room_bytes": gauge.room_bytes,
        "name": _cut(gauge.name),
        "covers": gauge.covers,
    }


def _highest(highest: Highest | None) -> protocol.HighestSummary | None:
    if highest is None:
        return None
    return {
        "bytes": highest.bytes,
        "execution_count": highest.execution_count,
        "exact": highest.exact,
    }


def _running(cell: OpenCell | None) -> protocol.RunningSummary | None:
    if cell is None:
        return None
    return {
        "execution_count": cell.execution_count,
        "first_line": _cut(cell.first_line),
        "started_s": cell.started_s,
        "before_bytes": cell.watch.before_bytes,
        "peak_bytes": cell.watch.peak_bytes,
    }


def _summarize(cell: CellRecord) -> protocol.CellSummary:
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
