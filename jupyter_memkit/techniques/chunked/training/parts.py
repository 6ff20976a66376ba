"""The parts of a source: places where reading can start, to be read in any order.

Rows of an array can be read from anywhere, lines from the start of any line, Parquet
files from each row group. Compressed text, queries and iterators can be read only from
their start; they have no parts, and nothing can share or reorder the reading of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.budget import LEAST_BUDGET_BYTES, RowPlan
from jupyter_memkit.techniques.chunked.plan import is_rereadable
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_QUERY,
    Piece,
    Request,
    Source,
)
from jupyter_memkit.techniques.chunked.sources.memory import MemorySource

# At least as many parts are wanted, so that they can be shuffled and shared evenly.
_ENOUGH = 64

# How much finer a file with fewer parts is searched, if its rows are not known.
_FINER = 8


@dataclass(slots=True)
class Parts:
    """Reads a source, part by part.

    Parameters
    ----------
    source : Source
        The source.
    settings : Settings
        How it is read.
    most_rows : int, optional
        The most rows of a part, where the source can be entered so often.
    """

    source: Source
    settings: Settings
    most_rows: int | None = None
    _found: tuple[Piece, ...] | None = None
    _is_searched: bool = False
    _fingerprint: object = None

    @property
    def rows(self) -> int:
        """The rows of a chunk, which follow from the budget or the user's choice."""
        return self._limit(self._plan_rows())

    @property
    def is_rereadable(self) -> bool:
        """Whether the source can be read more than once."""
        can_repeat: bool | None = getattr(self.source, "can_repeat", None)
        return is_rereadable(self.source) if can_repeat is None else can_repeat

    def request(self, rows: int | None = None) -> Request:
        """Return the request for chunks of this many rows."""
        plan = self._plan_rows()
        request = self.settings.request(self.source, plan)
        wanted = self._limit(plan) if rows is None else rows
        return dataclasses.replace(request, rows=_Constant(wanted))

    def stream(self) -> Generator[Piece, None, None]:
        """Read the source from its start, in its order."""
        return self.source.pieces(self.request())

    def find(self) -> tuple[Piece, ...] | None:
        """Return the parts in the order of the source; None if it has none.

        They are looked up once, and again when the source has changed.
        """
        if not self._is_searched or self._has_changed():
            self._found = self._find()
            self._is_searched = True
            if self._found is not None:
                self._fingerprint = self._identify()
        return self._found

    def count_chunks(self) -> list[int] | None:
        """Return the numbers by which chunks are selected; None if not known."""
        found, total, rows = self.find(), self.source.total_rows, self.rows
        if found is None:
            return None if total is None else list(range(-(-total // rows)))
        return [
            number + part
            for number, piece in enumerate(found)
            for part in range(_count_parts(piece, rows))
        ]

    def check_unchanged(self) -> None:
        """Raise an error if the source has changed since its parts were found."""
        if self._has_changed():
            message = (
                f"{self.source.name} changed during the epoch, so it mixes two "
                "versions; start it again when nothing writes to the data"
            )
            raise SourceError(message)

    def _plan_rows(self) -> RowPlan:
        return self.settings.plan_rows(self.source, steady=True)

    def _plan_parts(self) -> RowPlan:
        """Return the rows of the parts, which processes must agree on.

        The ranks of a distributed training each look for the parts, and share them by
        number. The memory that is free differs from one to the next.
        """
        settings = self.settings
        if not settings.is_memory_given:
            settings = dataclasses.replace(settings, memory_bytes=LEAST_BUDGET_BYTES)
        return settings.plan_rows(self.source, steady=True)

    def _limit(self, plan: RowPlan) -> int:
        """Return the rows of a plan, at most those of a part."""
        if self.most_rows is None:
            return plan.rows
        return max(1, min(plan.rows, self.most_rows))

    def _has_changed(self) -> bool:
        """Return whether the source has changed since its parts were found."""
        is_known = self._found is not None
        return is_known and bool(self._identify() != self._fingerprint)

    def _identify(self) -> Any:
        """Return what changes when the parts have to be looked up again."""
        if isinstance(self.source, MemorySource):
            # Rows stay where they are if a step changes their values.
            return self.source.total_rows
        return self.source.fingerprint()

    def _find(self) -> tuple[Piece, ...] | None:
        if self.source.backend == FROM_QUERY or not is_rereadable(self.source):
            return None
        rows, total = self._limit(self._plan_parts()), self.source.total_rows
        if total is not None:
            return self._list(max(1, min(rows, total // _ENOUGH)))
        parts = self._list(rows)
        # Only small files are searched again.
        while parts and len(parts) < _ENOUGH and rows > 1:
            rows = max(1, rows // _FINER)
            parts = self._list(rows)
        return parts

    def _list(self, rows: int) -> tuple[Piece, ...] | None:
        request = dataclasses.replace(self.request(rows), separate=True, exact=False)
        pieces = self.source.pieces(request)
        found = []
        try:
            for piece in pieces:
                if not piece.is_separate:
                    return None
                found.append(piece)
        finally:
            pieces.close()
        return tuple(found)


def _count_parts(piece: Piece, rows: int) -> int:
    has_parts = piece.rows is not None and hasattr(piece.load, "parts")
    return -(-(piece.rows or 1) // rows) if has_parts else 1


@dataclass(frozen=True, slots=True)
class _Constant:
    """A number of rows that can be sent to other processes."""

    rows: int

    def __call__(self) -> int:
        return self.rows
