"""Run a function, or a notebook cell, over data in chunks.

A `Source` yields chunks, a `Run` passes them through a function one at a time, and a
`Reduction` combines the values into one result.

``sources/`` cuts data into pieces, of which ``frames/`` makes the chunks. `run` calls
the function in this process, ``parallel/`` in other processes. `job` drives a run from
start to end: the `ledger` counts and saves what is done, `budget` chooses the rows of
the next chunk, and `restarts` decides what happens when a run fails. ``results/``
combines the values. `jupyter_memkit.cells` analyses the code of a cell, and
``rehearsal/`` tries it on a few rows. `chunks` and `mapped` are the Python API, with
``training/`` for models.
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
