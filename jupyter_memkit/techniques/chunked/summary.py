"""The summary of a run over chunks."""

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
        Its first row, from 0, and its number of rows.
    error : str
        The type and the message of the error.
    start, end : object
        Its place in the source, to run over it again.
    """

    number: int
    first_row: int
    rows: int
    error: str
    start: Any = field(repr=False)
    end: Any = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkedSummary(Record):
    """What a run over chunks did, and the time and memory that it took.

    Attributes
    ----------
    source : str
        The name of the source.
    chunks, rows : int
        The chunks that were completed, and the rows in them.
    duration_s : float
        Duration of the run in seconds.
    before_bytes, peak_bytes : int
        Resident memory of the process at the start, and the highest during the
        run; both are absolute. With workers, the peak includes an upper bound of
        theirs.
    budget_bytes : int
        How much the process was allowed to grow.
    exact : bool
        Whether the peak is the system's own mark, or the highest of samples.
    columns : tuple of str, optional
        The columns that were read; None is all.
    backend : str, optional
        The library of the chunks; None is that of the source.
    skipped : tuple of SkippedChunk
        The chunks on which the cell failed.
    workers : int
        The number of processes that worked on it besides this one.
    resumed_rows : int
        The rows that an earlier run had done.
    notes : tuple of str
        Notes for the user.
    value : object
        The result of the reduction; the path of the file with ``out``; None without a
        reduction, and if ``%%chunked --into`` took it, so that its name is the only
        reference to the result.
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
