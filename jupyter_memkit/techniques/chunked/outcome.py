"""What came of one chunk: its value, or its error, and what it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.peak import Peak
from jupyter_memkit.techniques.chunked.sources.base import Piece


@dataclass(slots=True, kw_only=True)
class ChunkOutcome:
    """What came of one chunk.

    Attributes
    ----------
    number : int
        Of the chunk, from 1.
    first_row, rows : int
        Its place in the source.
    piece : Piece
        What it was made of.
    peak : Peak
        The memory of the process that worked on it.
    growth_bytes : int, optional
        How far another process grew that worked on it.
    error : Exception, optional
        Why it has no value.
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
        """Hand the value over, so that nobody else holds it."""
        return self._value.pop()
