"""Readers from ``pandas.read_csv(..., chunksize=...)``, with the user's own options."""

from __future__ import annotations

import sys
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import (
    Loaded,
    Piece,
    Request,
    Source,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSource:
    """A reader of pandas, which reads its file once."""

    reader: Any
    name: str = "the pandas reader"
    total_rows: None = None
    row_bytes: None = None
    backend: str = "pandas"

    @property
    def fixed_rows(self) -> int | None:
        """The chunk size that the reader was made with."""
        size: int | None = self.reader.chunksize
        return size

    def columns(self) -> None:
        """Return None: its columns were chosen when it was made."""

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: pandas finds them chunk by chunk."""
        return {}

    def fingerprint(self) -> Any:
        """Raise an error: a reader cannot go back.

        Raises
        ------
        SourceError
            Always.
        """
        message = (
            "a run over a pandas reader cannot be resumed; use the path of its file, "
            "with the options as --read KEY=VALUE"
        )
        raise SourceError(message)

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read from the position of the reader; pandas closes it at its end."""
        if self.reader.handles is None or self.reader.handles.handle.closed:
            message = (
                "the pandas reader was read to its end or closed; "
                "create it again with pandas.read_csv(..., chunksize=...)"
            )
            raise SourceError(message)
        yield from iterate_reader(self.reader, request)


def is_reader(source: Any) -> bool:
    """Return whether this is a pandas reader; never imports pandas."""
    parsers = sys.modules.get("pandas.io.parsers")
    return parsers is not None and isinstance(source, parsers.TextFileReader)


def open_reader(reader: Any) -> Source:
    """Return the source that reads the chunks of a pandas reader."""
    return ReaderSource(reader=reader)


def iterate_reader(reader: Any, request: Request) -> Generator[Piece, None, None]:
    """Yield the frames of a pandas reader, but not the empty one of a lone header."""
    position = 0
    while True:
        try:
            skipping = (request.start or 0) - position
            frame = reader.get_chunk(
                min(skipping, 100_000) if skipping > 0 else request.rows()
            )
        except StopIteration:
            return
        start, position = position, position + len(frame)
        if skipping > 0 or not len(frame):
            continue
        loaded, rows = Loaded(frame), len(frame)
        # A reference here would keep it in memory while the next is read.
        del frame
        yield Piece(load=loaded, start=start, end=position, rows=rows)
        del loaded
        if position == request.end:
            return
