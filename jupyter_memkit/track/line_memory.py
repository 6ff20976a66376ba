"""The memory of lines of code: the records of both engines."""

from __future__ import annotations

import linecache
from dataclasses import dataclass
from typing import Literal

from jupyter_memkit.records import Record

Engine = Literal["memray", "tracemalloc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMemory(Record):
    """The memory of one line.

    Sizes are what was requested, used or not. The engines measure different figures, so
    those of the other engine are None.

    Attributes
    ----------
    filename : str
        The file of the line, as in tracebacks.
    line : int
        Its number; 0 for code outside the notebook.
    function : str
        The function it belongs to; ``<module>`` for the cell itself.
    source : str
        The text of the line; empty if it is not available.
    peak_bytes : int or None
        Its part of the peak: memory that it had allocated and that was still in use at
        the block's peak. From memray.
    kept_bytes : int or None
        Memory that it had allocated and that was still in use at the end. From memray.
    blocks : int or None
        The number of allocations in `peak_bytes`. From memray.
    rise_bytes : int or None
        The most that memory rose above its start in one run of the line. From
        tracemalloc.
    net_bytes : int or None
        Allocated minus freed memory over all its runs; negative for a line that frees
        what others allocated. From tracemalloc.
    """

    filename: str
    line: int
    function: str
    source: str
    peak_bytes: int | None = None
    kept_bytes: int | None = None
    blocks: int | None = None
    rise_bytes: int | None = None
    net_bytes: int | None = None

    @property
    def largest_bytes(self) -> int:
        """The largest of its figures, by which lines are sorted."""
        sizes = (self.peak_bytes, self.kept_bytes, self.rise_bytes, self.net_bytes)
        return max(abs(size) for size in sizes if size is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesResult(Record):
    """The memory of the lines of a block.

    Attributes
    ----------
    engine : {"memray", "tracemalloc"}
        The engine that measured.
    lines : tuple of LineMemory
        The lines, the largest first.
    other : LineMemory
        The figures of code outside the notebook. Including it, the parts of the peak
        add up to `peak_bytes`, and the kept or net figures to `kept_bytes`.
    peak_bytes : int
        The peak of the block's own memory: allocated and not yet freed.
    kept_bytes : int
        The part of it that was still in use at the end.
    peak_line : LineMemory or None
        The line that was running at the peak. None with memray, or if none was.
    resident_peak_bytes : int or None
        The peak of the process's resident memory above the start, including the
        engine's own bookkeeping; None if the system does not report it.
    complete : bool
        Whether the whole block was measured; False if code in it took over the tracing.
    fallback : str or None
        Why memray was not used.
    error : str or None
        The name of the exception that ended the block.
    """

    engine: Engine
    lines: tuple[LineMemory, ...]
    other: LineMemory
    peak_bytes: int
    kept_bytes: int
    peak_line: LineMemory | None = None
    resident_peak_bytes: int | None = None
    complete: bool = True
    fallback: str | None = None
    error: str | None = None


def read_source(filename: str, line: int) -> str:
    """Return the text of a line of code, without its line end."""
    return linecache.getline(filename, line).rstrip("\r\n")


def order_lines(lines: list[LineMemory]) -> tuple[LineMemory, ...]:
    """Return the lines, the largest first."""
    return tuple(sorted(lines, key=lambda line: -line.largest_bytes))
