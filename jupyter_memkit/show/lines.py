"""Shows which lines of a notebook took the memory."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Kind, Table
from jupyter_memkit.track.line_memory import LineMemory, LinesResult
from jupyter_memkit.units import format_bytes

_MIB = 1024 * 1024
_SHOWN_LINES = 20
_SOURCE_LENGTH = 60

_FIGURES: dict[str, tuple[str, str]] = {
    "memray": ("at the peak", "kept"),
    "tracemalloc": ("highest rise", "net"),
}

_MEANING = {
    "memray": (
        "At the peak: what a line had allocated and was there when the cell's own "
        "memory was highest; a line whose memory was gone by then has none. Kept: "
        "what was there at the end."
    ),
    "tracemalloc": (
        "Highest rise: how far memory rose while a line ran, in the highest of its "
        "runs. Net: what was allocated minus what was freed while it ran, all runs "
        "together; what the names in a function held is freed when it returns, while "
        "the line runs that called it."
    ),
}

_BLIND = (
    "tracemalloc sees Python's objects and numpy's arrays, and not what other "
    "libraries take from the system themselves, such as polars, pyarrow and torch. "
    "Memory that other threads take counts for the line that runs meanwhile."
)


def build_report(result: LinesResult) -> Report:
    """Build what a person reads of the lines."""
    ended = "" if result.error is None else f"until {result.error}: "
    at = ""
    if result.peak_line is not None:
        at = f" while line {_name_line(result.peak_line)} ran"
    return Report(
        title=(
            f"{ended}peak {format_bytes(result.peak_bytes)} allocated{at}, "
            f"kept {format_bytes(result.kept_bytes)}, line by line by {result.engine}"
        ),
        table=_build_table(result),
        notes=_build_notes(result),
    )


def _build_table(result: LinesResult) -> Table:
    numbers: list[tuple[str, Kind]] = [
        (title, "number") for title in _FIGURES[result.engine]
    ]
    shown, rest = result.lines[:_SHOWN_LINES], result.lines[_SHOWN_LINES:]
    rows = [
        (*_format_figures(result, [line]), _name_line(line), _cut_source(line))
        for line in shown
    ]
    if rest:
        noun = "line" if len(rest) == 1 else "lines"
        label = f"{len(rest)} smaller {noun}"
        rows.append((*_format_figures(result, rest), "", label))
    rows.append((*_format_figures(result, [result.other]), "", "no line of a cell"))
    return Table(columns=(*numbers, ("line", "text"), ("", "code")), rows=tuple(rows))


def _format_figures(
    result: LinesResult, lines: Iterable[LineMemory]
) -> tuple[str, str]:
    if result.engine == "memray":
        peak_bytes = sum(line.peak_bytes or 0 for line in lines)
        kept_bytes = sum(line.kept_bytes or 0 for line in lines)
        return format_bytes(peak_bytes), format_bytes(kept_bytes)
    # Rises are not at one time, so those of several lines have no sum.
    rise_bytes = max(line.rise_bytes or 0 for line in lines)
    net_bytes = sum(line.net_bytes or 0 for line in lines)
    return format_bytes(rise_bytes), format_bytes(net_bytes)


def _name_line(line: LineMemory) -> str:
    if line.function == "<module>":
        return str(line.line)
    return f"{line.line} of {line.function}"


def _cut_source(line: LineMemory) -> str:
    source = line.source.strip()
    if len(source) > _SOURCE_LENGTH:
        source = source[: _SOURCE_LENGTH - 1] + "…"
    return source


def _build_notes(result: LinesResult) -> tuple[str, ...]:
    notes = []
    if not result.complete:
        notes.append(
            "Not the whole cell: code in it took over the tracing or ended "
            "tracemalloc, and what came after that is missing."
        )
    notes.append(_MEANING[result.engine])
    if result.engine == "tracemalloc":
        notes.append(_BLIND)
    if _is_unused(result):
        assert result.resident_peak_bytes is not None, "compared before"
        notes.append(
            "The process itself rose by no more than "
            f"{format_bytes(result.resident_peak_bytes)}: the rest was never written "
            "to, as with np.zeros and the address space that pyarrow reserves, or "
            "fitted into memory that the process had free."
        )
    if result.fallback is not None:
        notes.append(f"Not by memray: {result.fallback}.")
    return tuple(notes)


def _is_unused(result: LinesResult) -> bool:
    """Return whether much of what was asked for was never resident above the start."""
    if result.resident_peak_bytes is None:
        return False
    unused_bytes = result.peak_bytes - result.resident_peak_bytes
    return unused_bytes > max(_MIB, result.peak_bytes // 10)
