"""A polars LazyFrame, whose streaming engine gives its rows batch by batch."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Loaded, Piece, Request
from jupyter_memkit.techniques.chunked.sources.cutting import cut_pieces

# The engine's batches, of which it holds some more: small, and not too small for it.
_BATCH_BYTES = 4 << 20
_VALUE_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyFrameSource:
    """A query of polars, never collected whole.

    Parameters
    ----------
    frame : polars.LazyFrame
        The query.
    """

    frame: Any
    name: str = "the LazyFrame"
    # To count the rows would be to run the query.
    total_rows: None = None
    row_bytes: None = None
    backend: None = None

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that the query gives."""
        with _explaining():
            return tuple(self.frame.collect_schema().names())

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return nothing: all batches have the types of the query."""
        return {}

    def fingerprint(self) -> Any:
        """Refuse: nothing tells whether the data behind a query are the same."""
        message = (
            "a LazyFrame cannot go on where another run stopped, for its data may "
            "have changed; write it with .sink_parquet(...), and give that file"
        )
        raise SourceError(message)

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Run the query once, as fast as its rows are asked for.

        The rows of a query that keeps no order, such as ``group_by``, have another
        one in each run, so that a piece of one run is not the same in another.
        """
        row, skipped = request.start or (0, 0)
        yield from cut_pieces(self._batches(request, row + skipped), request)

    def _batches(self, request: Request, row: int) -> Generator[Piece, None, None]:
        frame = self.frame
        if not hasattr(frame, "collect_batches"):
            version = sys.modules["polars"].__version__
            message = (
                f"polars {version} cannot give a LazyFrame batch by batch; "
                "install a later one: pip install --upgrade polars"
            )
            raise SourceError(message)
        if request.columns is not None:
            # Rows without any column could not be counted.
            frame = frame.select(request.columns or self.columns()[:1])
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
                # Of arrow's tables the frames of pandas all get the same types.
                rows = batch.to_arrow() if request.backend == "pandas" else batch
                start, row = row, row + len(rows)
                ready = Loaded(rows)
                del batch, rows
                yield Piece(load=ready, start=start, end=row, rows=row - start)


def is_lazy_frame(source: Any) -> bool:
    """Tell whether this is a LazyFrame of polars; never imports polars."""
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(source, polars.LazyFrame)


@contextmanager
def _explaining() -> Iterator[None]:
    """Turn what polars raises for a query into a sentence; the user's own passes."""
    polars = sys.modules["polars"]
    try:
        yield
    except (polars.exceptions.PolarsError, OSError) as error:
        first_line = str(error).partition("\n")[0]
        message = f"the LazyFrame fails ({first_line}); correct its query"
        raise SourceError(message) from error
