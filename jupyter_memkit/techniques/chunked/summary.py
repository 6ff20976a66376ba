"""The account of one run over chunks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedChunk(Record):
    """A chunk that was left out because the cell failed on it.

    Attributes
    ----------
    number : int
        Its number, from 1.
    first_row, rows : int
        Its first row, from 0, and how many there are.
    error : str
        The type and the message of the error.
    start, end : object
        Its place in the source, for another run over it.
    """

    number: int
    first_row: int
    rows: int
    error: str
    start: Any = field(repr=False)
    end: Any = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkedSummary(Record):
    """What a run over chunks did and took.

    Attributes
    ----------
    source : str
        The name of the source.
    chunks, rows : int
        Chunks that were done to their end, and the rows in them.
    duration_s : float
        Duration of the run in seconds.
    before_bytes, peak_bytes : int
        Resident memory of the process at the start, and the highest during the
        run; both are absolute. With workers, that of all together at most.
    budget_bytes : int
        By how much the process was allowed to grow.
    exact : bool
        Whether the peak is the system's own mark, or the highest of samples.
    columns : tuple of str, optional
        The columns that were read; None is all.
    backend : str, optional
        What the chunks were; None is what the source gave.
    skipped : tuple of SkippedChunk
        Chunks on which the cell failed.
    workers : int
        Processes that worked on it, besides this one; 0 is none.
    resumed_rows : int
        Rows that an earlier run had done.
    notes : tuple of str
        What the user should know.
    value : object
        What the reduction made of the values; the path of the file with ``out``;
        None without a reduction, and where ``%%chunked --into`` took it, so that the
        name is its only holder.
    """

    source: str
    chunks: int
    rows: int
    duration_s: float
    before_bytes: int
    peak_bytes: int
    budget_bytes: int
    exact: bool
    columns: tuple[str, ...] | None = None
    backend: str | None = None
    skipped: tuple[SkippedChunk, ...] = ()
    workers: int = 0
    resumed_rows: int = 0
    notes: tuple[str, ...] = ()
    value: Any = field(default=None, repr=False)
