"""The account of one run over chunks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkedSummary:
    """What a run over chunks did and took.

    Attributes
    ----------
    chunks, rows : int
        Chunks that were done to their end, and the rows in them.
    duration_s : float
        Duration of the run in seconds.
    before_bytes, peak_bytes : int
        Resident memory of the process at the start, and the highest during the
        run; both are absolute.
    exact : bool
        Whether the peak is the system's own mark, or the highest of samples.
    value : object
        What the reduction made of the values; None without a reduction, and
        where ``%%chunked --into`` took it, so that the name is its only holder.
    """

    chunks: int
    rows: int
    duration_s: float
    before_bytes: int
    peak_bytes: int
    exact: bool
    value: Any = field(default=None, repr=False)
