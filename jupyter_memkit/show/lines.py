"""Reports which lines of a notebook took the memory."""

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
        "At the peak: memory that the line had allocated and that was still in use at "
        "the cell's peak; a line whose memory was freed by then has none. Kept: what "
        "was in use at the end."
    ),
    "tracemalloc": (
        "Highest rise: the most that memory rose in one run of the line. Net: "
        "allocated minus freed over all its runs; a function's local variables are "
        "freed when it returns, which counts for the line that called it."
    ),
}

_BLIND = (
    "tracemalloc sees Python objects and numpy arrays, but not memory that other "
    "libraries take from the system themselves, such as polars, pyarrow and torch. "
    "Memory that other threads take counts for the line that is running at the time."
)


def build_report(result: LinesResult) -> Report:
    """Build the report of the lines."""
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
    rows.append((*_format_figures(result, [result.other]), "", "outside the cells"))
    return Table(columns=(*numbers, ("line", "text"), ("", "code")), rows=tuple(rows))


def _format_figures(
    result: LinesResult, lines: Iterable[LineMemory]
) -> tuple[str, str]:
    if result.engine == "memray":
        peak_bytes = sum(line.peak_bytes or 0 for line in lines)
        kept_bytes = sum(line.kept_bytes or 0 for line in lines)
        return format_bytes(peak_bytes), format_bytes(kept_bytes)
    # The rises of several lines happen at different times, so they have no sum.
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
            "Incomplete: code in the cell took over the tracing or stopped "
            "tracemalloc; what came after that is missing."
        )
    notes.append(_MEANING[result.engine])
    if result.engine == "tracemalloc":
        notes.append(_BLIND)
    if _is_unused(result):
        assert result.resident_peak_bytes is not None, "checked by _is_unused"
        notes.append(
            "The process itself grew by at most "
            f"{format_bytes(result.resident_peak_bytes)}: the rest was never written "
            "to, as with np.zeros and the address space that pyarrow reserves, or "
            "fitted into memory that was already free."
        )
    if result.fallback is not None:
        notes.append(f"memray was not used: {result.fallback}.")
    return tuple(notes)


def _is_unused(result: LinesResult) -> bool:
    """Return whether much of the requested memory never became resident."""
    if result.resident_peak_bytes is None:
        return False
    unused_bytes = result.peak_bytes - result.resident_peak_bytes
    return unused_bytes > max(_MIB, result.peak_bytes // 10)
