"""Reports the memory of a block of code."""

from __future__ import annotations

from jupyter_memkit.show.gpus import describe_rise, name_gpu
from jupyter_memkit.show.report import Report
from jupyter_memkit.track.mem import MemResult
from jupyter_memkit.units import format_bytes, format_duration, format_given

_MIB = 1024 * 1024


def build_report(result: MemResult) -> Report:
    """Build the report of a result."""
    ended = "" if result.error is None else f"until {result.error}: "
    return Report(
        title=(
            f"{ended}peak {format_bytes(result.peak_bytes)} above the start"
            f"{_label(result)}, {_describe_kept(result.delta_bytes)}, "
            f"{format_duration(result.duration_s)}"
        ),
        rows=_build_rows(result),
        notes=_build_notes(result),
    )


def build_memit_report(result: MemResult, *, with_children: bool = False) -> Report:
    """Build memory_profiler's line, with or without the child processes' peak."""
    increment_bytes = result.peak_bytes
    notes = _build_notes(result)
    if with_children:
        increment_bytes += result.children_peak_bytes
        notes = (*notes, _build_children_note(result))
    peak_mib = (result.before_bytes + increment_bytes) / _MIB
    increment_mib = increment_bytes / _MIB
    ended = "" if result.error is None else f"until {result.error}: "
    return Report(
        title=(
            f"{ended}peak memory: {peak_mib:.2f} MiB, "
            f"increment: {increment_mib:.2f} MiB{_label(result)}"
        ),
        notes=notes,
    )


def build_refusal(result: MemResult, max_bytes: int) -> str:
    """Describe a peak that exceeded ``--max``."""
    own = f"the peak was {format_bytes(result.peak_bytes)} above the start"
    own += _label(result)
    if result.children_peak_bytes:
        children = _build_children_peak(result)
        own += f" and that of child processes {children}, together"
    return f"{own}, over the {format_given(max_bytes)} that --max allows"


def _describe_kept(kept_bytes: int) -> str:
    if kept_bytes < 0:
        return f"freed {format_bytes(-kept_bytes)}"
    return f"kept {format_bytes(kept_bytes)}"


def _build_rows(result: MemResult) -> tuple[tuple[str, str], ...]:
    start = format_bytes(result.before_bytes)
    peak = format_bytes(result.before_bytes + result.peak_bytes)
    end = format_bytes(result.before_bytes + result.delta_bytes)
    share = result.gc_s / result.duration_s if result.duration_s else 0.0
    rows = [
        ("in use", f"{start} at the start, {peak} at the peak, {end} at the end"),
        (
            "garbage collector",
            f"{format_duration(result.gc_s)}, {share:.1%} of the time",
        ),
    ]
    if result.children_peak_bytes:
        rows.append(
            ("child processes", f"peak {_build_children_peak(result)} above the start")
        )
    rows += [
        (name_gpu(gpu), f"peak {describe_rise(gpu)}, {_describe_kept(gpu.kept_bytes)}")
        for gpu in result.gpus
    ]
    return tuple(rows)


def _build_children_peak(result: MemResult) -> str:
    sampled = "" if result.children_exact else " (sampled)"
    return f"{format_bytes(result.children_peak_bytes)}{sampled}"


def _build_children_note(result: MemResult) -> str:
    if not result.children_peak_bytes:
        return "No child process was seen to use memory."
    return (
        f"This includes the peak of child processes, {_build_children_peak(result)}, "
        "which may have been at another moment."
    )


def _build_notes(result: MemResult) -> tuple[str, ...]:
    notes = []
    if result.runs > 1:
        notes.append(f"The highest of {result.runs} runs.")
    if not result.exact:
        notes.append(
            "Sampled: this system has no resettable high-water mark, so a short spike "
            "can be missed."
        )
    return tuple(notes)


def _label(result: MemResult) -> str:
    return "" if result.exact else " (sampled)"
