"""A polars LazyFrame, whose rows come in batches from the streaming engine."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import (
    Loaded,
    Piece,
    Request,
    Source,
)
from jupyter_memkit.techniques.chunked.sources.cutting import cut_pieces

# The size of the engine's batches, several of which it holds: small, but not too small.
_BATCH_BYTES = 4 << 20
_VALUE_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyFrameSource:
    """A polars query, which is never collected as a whole.

    Parameters
    ----------
    frame : polars.LazyFrame
        The query.
    """

    frame: Any
    name: str = "the LazyFrame"
    # Counting the rows would take running the query.
    total_rows: None = None
    row_bytes: None = None
    backend: None = None

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns of the result."""
        with _explaining():
            return tuple(self.frame.collect_schema().names())

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: all batches have the types of the query."""
        return {}

    def fingerprint(self) -> Any:
        """Raise an error: nothing shows whether the data of a query changed.

        Raises
        ------
        SourceError
            Always.
        """
        message = (
            "a run over a LazyFrame cannot be resumed, because its data may have "
            "changed; write it with .sink_parquet(...), and use that file"
        )
        raise SourceError(message)

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Run the query once, as fast as its rows are requested.

        A query that keeps no order, such as ``group_by``, returns its rows in another
        order in each run, so that the pieces of two runs differ.
        """
        row, skipped = request.start or (0, 0)
        yield from cut_pieces(self._batches(request, row + skipped), request)

    def _batches(self, request: Request, row: int) -> Generator[Piece, None, None]:
        frame = self.frame
        if not hasattr(frame, "collect_batches"):
            version = sys.modules["polars"].__version__
            message = (
                f"polars {version} cannot read a LazyFrame in batches; "
                "install a later one: pip install --upgrade polars"
            )
            raise SourceError(message)
        if request.columns is not None:
            # Rows without any column could not be counted. As plain text, a name such
            # as * would be a pattern.
            names = request.columns or self.columns()[:1]
            frame = frame.select(sys.modules["polars"].selectors.by_name(*names))
        if row:
            frame = frame.slice(row)
        width = max(1, len(request.columns or self.columns()))
        with _explaining():
            batches = frame.collect_batches(
                chunk_size=max(1, _BATCH_BYTES // (_VALUE_BYTES * width)),
                maintain_order=True,
                lazy=True,
                engine="streaming",
            )
            for batch in batches:
                # From Arrow tables, all pandas frames get the same types.
                is_plain = request.backend in {None, "polars"}
                rows = batch if is_plain else batch.to_arrow()
                start, row = row, row + len(rows)
                ready = Loaded(rows)
                del batch, rows
                yield Piece(load=ready, start=start, end=row, rows=row - start)


def is_lazy_frame(source: Any) -> bool:
    """Return whether this is a LazyFrame of polars; never imports polars."""
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(source, polars.LazyFrame)


def open_lazy_frame(frame: Any) -> Source:
    """Return the source that reads the rows of a LazyFrame."""
    return LazyFrameSource(frame=frame)


@contextmanager
def _explaining() -> Iterator[None]:
    """Raise the errors of polars as one sentence; the user's own errors pass."""
    polars = sys.modules["polars"]
    try:
        yield
    except (polars.exceptions.PolarsError, OSError) as error:
        first_line = str(error).partition("\n")[0]
        message = f"the LazyFrame fails ({first_line}); correct its query"
        raise SourceError(message) from error
