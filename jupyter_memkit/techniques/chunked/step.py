"""How far a run over chunks is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a run is, for a progress bar.

    Attributes
    ----------
    chunks, rows : int
        Those that are done.
    total_rows : int, optional
        All rows, or an estimate of them.
    chunk_peak_bytes : int
        How far the process grew with the last chunk.
    budget_bytes : int
        How far it may grow.
    """

    chunks: int
    rows: int
    total_rows: int | None
    chunk_peak_bytes: int
    budget_bytes: int
