"""The outcome of a chunk: its value or its error, and the memory that it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.peak import Peak
from jupyter_memkit.techniques.chunked.sources.base import Piece


@dataclass(slots=True, kw_only=True)
class ChunkOutcome:
    """The outcome of one chunk.

    Attributes
    ----------
    number : int
        The number of the chunk, from 1.
    first_row, rows : int
        Its first row and its number of rows.
    piece : Piece
        The piece of the source that it was made from.
    peak : Peak
        The memory of the process that worked on it.
    growth_bytes : int, optional
        How much that process grew, if it was not this one.
    error : Exception, optional
        The error of the function, if it failed.
    """

    number: int
    first_row: int
    rows: int
    piece: Piece
    peak: Peak
    growth_bytes: int | None = None
    error: Exception | None = None
    _value: list[Any]

    def take(self) -> Any:
        """Return the value, and drop the reference to it."""
        return self._value.pop()


@dataclass(slots=True, kw_only=True)
class JoinedOutcome(ChunkOutcome):
    """The outcome of several consecutive chunks, joined on the cluster.

    Its ``take`` returns a part of the reduction, not a value. Its number and its piece
    are those of the last chunk, its rows those of all.

    Attributes
    ----------
    chunks : int
        The number of chunks.
    chunk_rows : int
        The rows of the largest chunk, whose growth is that of the outcome.
    """

    chunks: int
    chunk_rows: int
