"""Reports work in a separate process, and the processes that are kept."""

from __future__ import annotations

import time

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Kind, Table
from jupyter_memkit.techniques.isolated.records import (
    IsolatedClosed,
    IsolatedProcesses,
    IsolatedResult,
    Traces,
)
from jupyter_memkit.units import format_bytes, format_duration

_MOST_NAMES = 5

_COLUMNS: tuple[tuple[str, Kind], ...] = (
    ("name", "text"),
    ("memory", "number"),
    ("peak", "number"),
    ("cells", "number"),
    ("age", "number"),
    ("pid", "number"),
    ("variables", "text"),
)


def build_report(record: IsolatedResult | IsolatedProcesses | IsolatedClosed) -> Report:
    """Build the report of work in a process, or of the processes."""
    if isinstance(record, IsolatedClosed):
        freed = format_bytes(record.freed_bytes)
        return Report(title=f"Closed {record.name}: {freed} returned to the system")
    if isinstance(record, IsolatedProcesses):
        return _build_processes(record)
    return _build_result(record)


def _build_result(result: IsolatedResult) -> Report:
    label = "" if result.exact else " (sampled)"
    where = "a process that has ended"
    if result.name is not None:
        where = f"the process {result.name}, which keeps running"
    title = (
        f"Isolated: peak {format_bytes(result.peak_bytes)}{label} in {where}, "
        f"{format_duration(result.duration_s)}"
    )
    rows = []
    if result.inputs:
        sent = f"{format_bytes(result.sent_bytes)}: {_list(result.inputs)}"
        rows.append(("sent copies", sent))
    if result.outputs:
        back = f"{format_bytes(result.received_bytes)}: {_list(result.outputs)}"
        rows.append(("returned", back))
    return Report(title=title, rows=tuple(rows), notes=_build_notes(result))


def _build_notes(result: IsolatedResult) -> tuple[str, ...]:
    notes = [
        f"{name} was returned as a copy; here it would share objects or memory with "
        f"{_list(others)}."
        for name, others in result.apart
    ]
    notes += [
        f"{name} shares objects or memory with {_list(others)} here, but not in "
        f"{result.name}, which had them already; --in {','.join((*others, name))} "
        "sends them as one."
        for name, others in result.divided
    ]
    if result.changed:
        changed = _list(result.changed)
        option = ",".join(result.changed[:_MOST_NAMES])
        notes.append(
            f"Changed only in the other process: {changed}. --out {option} would "
            "return them."
        )
    if result.deleted:
        notes.append(f"Deleted only in the other process: {_list(result.deleted)}.")
    if result.kept:
        notes.append(_describe_kept(result))
    if result.unbound:
        option = ",".join((*result.outputs, *result.unbound))
        notes.append(
            f"Returned functions read {_list(result.unbound)}, which was not returned; "
            f"--out {option} would return both."
        )
    if result.imported:
        notes.append(f"Imported only in the other process: {_list(result.imported)}.")
    if result.absent:
        notes.append(f"Not available in the other process: {_list(result.absent)}.")
    return (*notes, *describe_traces(result, result.name))


def describe_traces(
    traces: IsolatedResult | Traces, name: str | None
) -> tuple[str, ...]:
    """Describe what a cell left in its process, in sentences.

    Parameters
    ----------
    traces : IsolatedResult or Traces
        The record of what it left.
    name : str or None
        The name of the process that keeps running; None for one that has ended.
    """
    notes = []
    if traces.state:
        notes.append(f"Changed only in its process: {_list(traces.state)}.")
    if traces.unlogged:
        notes.append(f"Not logged by this kernel's handlers: {_list(traces.unlogged)}.")
    if traces.running:
        end = "Ended with the process" if name is None else f"Still running in {name}"
        notes.append(f"{end}: {_list(traces.running)}.")
    return tuple(notes)


def _describe_kept(result: IsolatedResult) -> str:
    kept = _list(result.kept)
    option = ",".join(result.kept[:_MOST_NAMES])
    if result.name is not None:
        return f"Only in {result.name}: {kept}. --out {option} would return them."
    return f"Lost with the process: {kept}. --out {option} would have returned them."


def _build_processes(record: IsolatedProcesses) -> Report:
    if not record.processes:
        note = "%%isolated --name NAME starts one."
        return Report(title="No isolated process is running", notes=(note,))
    now_s = time.time()
    rows = tuple(
        (
            process.name,
            format_bytes(process.rss_bytes),
            format_bytes(process.peak_bytes),
            str(process.cells),
            format_duration(max(0.0, now_s - process.started_s)),
            str(process.pid),
            _list(process.variables),
        )
        for process in record.processes
    )
    total_bytes = sum(process.rss_bytes for process in record.processes)
    return Report(
        title=f"Isolated processes running: {format_bytes(total_bytes)}",
        table=Table(columns=_COLUMNS, rows=rows),
        notes=("%isolated --close NAME ends one and frees all its memory.",),
    )


def _list(names: tuple[str, ...]) -> str:
    if len(names) > _MOST_NAMES:
        more = len(names) - _MOST_NAMES
        return f"{', '.join(names[:_MOST_NAMES])} and {more} more"
    return ", ".join(names)
