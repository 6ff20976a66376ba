"""The position of a run, for messages and for the user's code."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkInfo(Record):
    """The place of a chunk, as ``chunk_info`` in a cell of ``%%chunked``.

    Attributes
    ----------
    number : int
        The number of the chunk, from 1.
    first_row : int
        The number of its first row, from 0.
    rows : int
        Its number of rows.
    source : str
        The name of the source.
    """

    number: int
    first_row: int
    rows: int
    source: str


@dataclass(slots=True)
class Position:
    """The position of a run.

    Attributes
    ----------
    number : int
        The number of the chunk, from 1.
    first_row, rows : int
        Its first row from 0, and its number of rows; 0 while it is read.
    in_function : bool
        Whether the function is running, or raised an error.
    """

    number: int = 1
    first_row: int = 0
    rows: int = 0
    in_function: bool = False

    def __str__(self) -> str:
        """Name the chunk, and its first and last row from 0."""
        if not self.rows:
            return f"reading chunk {self.number} (from row {self.first_row:,})"
        last = self.first_row + self.rows - 1
        return f"chunk {self.number} (rows {self.first_row:,} to {last:,})"

    def info(self, source: str) -> ChunkInfo:
        """Return the place of the chunk for the user's code."""
        return ChunkInfo(
            number=self.number,
            first_row=self.first_row,
            rows=self.rows,
            source=source,
        )

    def advance(self) -> None:
        """Move to the next chunk."""
        self.number += 1
        self.first_row += self.rows
        self.rows = 0
