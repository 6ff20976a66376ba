"""What a run would do, from the first rows, without running the user's code."""

from __future__ import annotations

import time
from dataclasses import dataclass

from jupyter_memkit.errors import SourceError
from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.chunked.frames.maker import FrameMaker
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.sources.reading import Reader

# The most chunks that are read: every third one may be twice the size of the last.
_MOST_CHUNKS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkedPlan(Record):
    """What a run over chunks would do.

    Only reading is measured, over the first rows; the cell's own time and memory come
    on top.

    Attributes
    ----------
    source : str
        The name of the source.
    total_rows : int, optional
        The number of its rows, or an estimate of it.
    columns : tuple of str, optional
        The columns that would be read; None is all.
    all_columns : tuple of str, optional
        The columns of the source.
    backend : str, optional
        The library of the chunks.
    rows : int
        The rows of a chunk, if the cell itself takes no memory.
    chunks : int, optional
        The number of chunks.
    reading_s : float, optional
        How long it would take to read all rows.
    peak_bytes : int
        How much the process grows while it reads a chunk.
    budget_bytes : int
        How much it may grow.
    """

    source: str
    total_rows: int | None
    columns: tuple[str, ...] | None
    all_columns: tuple[str, ...] | None
    backend: str | None
    rows: int
    chunks: int | None
    reading_s: float | None
    peak_bytes: int
    budget_bytes: int


def is_rereadable(source: Source) -> bool:
    """Return whether a source can be read more than once."""
    try:
        source.fingerprint()
    except SourceError:
        return False
    return True


def make_plan(source: Source, settings: Settings) -> ChunkedPlan:
    """Read chunks until their size settles, and estimate the rest.

    Parameters
    ----------
    source : Source
        The source. Nothing is taken from an iterator.
    settings : Settings
        How it would be read.
    """
    watch = peak_meter().open()
    rows = settings.plan_rows(source)
    request = settings.request(source, rows)
    total, seen, row_s = source.total_rows, 0, 0.0
    if is_rereadable(source):
        make = FrameMaker(source.name, request)
        reader = Reader(source.pieces(request), make, ahead=False)
        try:
            for _ in range(_MOST_CHUNKS):
                chunk_watch = peak_meter().open()
                start_s = time.perf_counter()
                read = reader.read()
                if read is None:
                    break
                seen += read.rows
                row_s = (time.perf_counter() - start_s) / max(1, read.rows)
                peak = chunk_watch.close()
                growth_bytes = peak.peak_bytes - watch.before_bytes
                chunk_bytes = peak.peak_bytes - peak.before_bytes
                rows.learn(read.rows, growth_bytes, 0, chunk_bytes)
                if total is None and read.piece.fraction:
                    total = max(seen, round(seen / read.piece.fraction))
                del read
        finally:
            reader.close()
    peak = watch.close()
    size = min(rows.rows, total) if total is not None else rows.rows
    return ChunkedPlan(
        source=source.name,
        total_rows=total,
        columns=settings.columns,
        all_columns=source.columns(),
        backend=settings.backend,
        rows=size,
        chunks=None if total is None else -(-total // max(1, size)),
        reading_s=None if total is None or not seen else row_s * total,
        peak_bytes=peak.peak_bytes - peak.before_bytes,
        budget_bytes=settings.memory_bytes,
    )
