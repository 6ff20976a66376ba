"""Helpers to run over a source directly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jupyter_memkit.techniques.chunked.chunks import Chunked
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request, Source


def chunks_of(source: Source, **settings: Any) -> Chunked:
    """Return the chunks of a source, as `chunked` returns them."""
    return Chunked(source, Settings(memory_bytes=1 << 28, **settings))


def load_all(pieces: Iterable[Piece]) -> list[Any]:
    """Load one piece after the other."""
    return [piece.load() for piece in pieces]


def load_from(source: Source, start: Any, rows: int = 3) -> list[Any]:
    """Load the pieces of a source, starting at a given place."""
    return load_all(source.pieces(Request(rows=lambda: rows, start=start)))


def load_one(source: Source, piece: Piece, rows: int) -> Any:
    """Load a piece again, as a run over skipped chunks does."""
    request = Request(rows=lambda: rows, start=piece.start, end=piece.end)
    (again,) = load_all(source.pieces(request))
    return again
