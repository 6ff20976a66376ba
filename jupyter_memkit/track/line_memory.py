"""What lines of code did to the memory: the records of both engines."""

from __future__ import annotations

import linecache
from dataclasses import dataclass
from typing import Literal

from jupyter_memkit.records import Record

Engine = Literal["memray", "tracemalloc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMemory(Record):
    """What one line did to the memory.

    Sizes are what was asked for, used or not. The two engines see different things,
    so each has figures of its own, and the other's are None.

    Attributes
    ----------
    filename : str
        Where the line stands, by the name that tracebacks give it.
    line : int
        Its number; 0 for what no line of the notebook did.
    function : str
        The function it belongs to; ``<module>`` for the cell itself.
    source : str
        The line as it was written; empty where nobody keeps it.
    peak_bytes : int or None
        Its part of the peak: what it had allocated and was still there when the
        block's memory was highest. From memray.
    kept_bytes : int or None
        What it had allocated and was still there at the end. From memray.
    blocks : int or None
        Of how many allocations `peak_bytes` is made. From memray.
    rise_bytes : int or None
        The highest that memory rose while it ran, above where it began, the largest
        of its runs. From tracemalloc.
    net_bytes : int or None
        What was allocated minus what was freed while it ran, all runs together. A
        line that frees what others allocated has a negative one. From tracemalloc.
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
        """The largest of its figures, by which lines are ordered."""
        sizes = (self.peak_bytes, self.kept_bytes, self.rise_bytes, self.net_bytes)
        return max(abs(size) for size in sizes if size is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesResult(Record):
    """Which lines took the memory in a block.

    Attributes
    ----------
    engine : {"memray", "tracemalloc"}
        Who watched.
    lines : tuple of LineMemory
        The lines, the largest first.
    other : LineMemory
        The same figures of what no line of the notebook did. With it the parts of
        the peak add up to `peak_bytes`, and what was kept, or the net figures, to
        `kept_bytes`.
    peak_bytes : int
        The highest that the block's own memory was: what it had allocated and not
        yet freed.
    kept_bytes : int
        What of it was there at the end.
    peak_line : LineMemory or None
        The line that ran at the peak. None with memray, and when none ran.
    resident_peak_bytes : int or None
        The highest that the process's resident memory was above the start, the
        engine's own bookkeeping included; None where the system does not tell.
    complete : bool
        Whether the whole block was watched, or the code in it took over the tracing.
    fallback : str or None
        Why it was not memray that watched.
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
    """Return a line of code as IPython and files have it, without its end."""
    return linecache.getline(filename, line).rstrip("\r\n")


def order_lines(lines: list[LineMemory]) -> tuple[LineMemory, ...]:
    """Return lines with the largest first."""
    return tuple(sorted(lines, key=lambda line: -line.largest_bytes))
