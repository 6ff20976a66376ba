"""What a run would do, from a look at the source, without running the user's code."""

from __future__ import annotations

import time
from dataclasses import dataclass

from jupyter_memkit.errors import SourceError
from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.sources.frames import FrameMaker
from jupyter_memkit.techniques.chunked.sources.reading import Reader

# Chunks that are read: each third one may be twice the one before.
_LOOKS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkedPlan(Record):
    """What a run over chunks would do.

    Reading is measured over the first rows; what the cell takes comes on top.

    Attributes
    ----------
    source : str
        The name of the source.
    total_rows : int, optional
        Its rows, or what they look to be.
    columns : tuple of str, optional
        The columns that would be read; None is all.
    all_columns : tuple of str, optional
        The columns that there are.
    backend : str, optional
        What the chunks would be.
    rows : int
        Rows of a chunk, if the cell takes nothing.
    chunks : int, optional
        How many there would be.
    reading_s : float, optional
        How long it would take to read all.
    peak_bytes : int
        How far reading one chunk takes the process.
    budget_bytes : int
        How far it may grow.
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
    """Tell whether a look at a source leaves it as it was."""
    try:
        source.fingerprint()
    except SourceError:
        return False
    return True


def make_plan(source: Source, settings: Settings) -> ChunkedPlan:
    """Read chunks until their size settles, and work out the rest.

    Parameters
    ----------
    source : Source
        What would be read. Of an iterator nothing is taken.
    settings : Settings
        How.
    """
    watch = peak_meter().open()
    rows = settings.plan_rows(source)
    request = settings.request(source, rows)
    total, seen, duration_s = source.total_rows, 0, 0.0
    if is_rereadable(source):
        make = FrameMaker(source.name, request)
        reader = Reader(source.pieces(request), make, ahead=False)
        try:
            for _ in range(_LOOKS):
                chunk_watch = peak_meter().open()
                start_s = time.perf_counter()
                read = reader.read()
                if read is None:
                    break
                seen += read.rows
                duration_s = (time.perf_counter() - start_s) / max(1, read.rows)
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
        reading_s=None if total is None or not seen else duration_s * total,
        peak_bytes=peak.peak_bytes - peak.before_bytes,
        budget_bytes=settings.memory_bytes,
    )
