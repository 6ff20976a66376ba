"""Run a function, or a notebook cell, over data in chunks.

A `Source` gives chunks, a `Run` passes them through a function one at a time,
and a `Reduction` makes one result of the values.
"""

from __future__ import annotations

from jupyter_memkit.techniques.chunked.budget import BudgetError
from jupyter_memkit.techniques.chunked.chunks import Chunked, chunked
from jupyter_memkit.techniques.chunked.errors import ReduceError, StopChunks
from jupyter_memkit.techniques.chunked.mapped import Mapped
from jupyter_memkit.techniques.chunked.plan import ChunkedPlan
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.sources.opening import chunk_source
from jupyter_memkit.techniques.chunked.summary import ChunkedSummary, SkippedChunk

__all__ = [
    "BudgetError",
    "Chunked",
    "ChunkedPlan",
    "ChunkedSummary",
    "Mapped",
    "ReduceError",
    "SkippedChunk",
    "Source",
    "StopChunks",
    "chunk_source",
    "chunked",
]
