"""The progress of a run over chunks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The progress of a run, for a progress bar.

    Attributes
    ----------
    chunks, rows : int
        The chunks and rows that are done.
    total_rows : int, optional
        The number of all rows, or an estimate of it.
    chunk_peak_bytes : int
        How much the process grew with the last chunk.
    budget_bytes : int
        How much it may grow.
    """

    chunks: int
    rows: int
    total_rows: int | None
    chunk_peak_bytes: int
    budget_bytes: int
