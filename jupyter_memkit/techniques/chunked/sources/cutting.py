"""Cuts rows that come in parts of any size into pieces of the requested size."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from jupyter_memkit.measure.sizes.registry import name_library
from jupyter_memkit.techniques.chunked.sources.base import (
    Loaded,
    Piece,
    Request,
    TypeChange,
)

# The function of each library that joins rows; numpy's takes other arrays too.
_JOINS = {
    "pandas": ("concat", {}),
    "polars": ("concat", {}),
    # A column without any value so far has no type yet.
    "pyarrow": ("concat_tables", {"promote_options": "permissive"}),
}


def cut_pieces(
    parts: Generator[Piece, None, None], request: Request, skipped_rows: int = 0
) -> Generator[Piece, None, None]:
    """Cut parts into pieces of the requested size.

    Parameters
    ----------
    parts : generator of Piece
        Parts whose rows are tables, frames, arrays or lists, all of one type.
    request : Request
        The request for the pieces.
    skipped_rows : int
        The rows at the start to leave out.

    Yields
    ------
    Piece
        Its start and end are the place of a part, and a number of rows into it. Its
        rows share the memory of the part, unless they come from several parts.
    """
    held: deque[_Part] = deque()
    n_held = 0
    place: Any = None
    fraction = None
    with contextlib.closing(parts):
        while True:
            wanted = max(1, request.rows())
            while n_held < wanted and (piece := next(parts, None)) is not None:
                try:
                    part = _Part(piece.load(), piece.start)
                except TypeChange as change:
                    raise change.after(n_held - skipped_rows) from None
                if skipped_rows:
                    skipped_rows -= len(part.take(skipped_rows))
                if len(part.rows):
                    n_held += len(part.rows)
                    held.append(part)
                place, fraction = piece.end, piece.fraction
                del part
            if not n_held:
                return
            start = held[0].place
            ready = [_take(held, min(wanted, n_held))]
            rows = len(ready[0])
            n_held -= rows
            yield Piece(
                load=Loaded(ready.pop()),
                start=start,
                end=held[0].place if held else [place, 0],
                rows=rows,
                fraction=fraction,
            )
            if request.end is not None:  # The request is for this one piece.
                return


@dataclass(slots=True)
class _Part:
    """The rows of a part that are not handed out yet."""

    rows: Any
    start: Any
    used: int = 0

    @property
    def place(self) -> list[Any]:
        """The place of its next row."""
        return [self.start, self.used]

    def take(self, count: int) -> Any:
        """Remove rows from the front, and return them."""
        front, self.rows = _split(self.rows, count)
        self.used += len(front)
        return front


def _take(held: deque[_Part], count: int) -> Any:
    """Remove rows from the front of the held parts, and return them."""
    taken = []
    while count:
        front = held[0].take(count)
        count -= len(front)
        if not len(held[0].rows):
            held.popleft()
        taken.append(front)
        del front
    return taken.pop() if len(taken) == 1 else join_rows(taken)


def _split(rows: Any, count: int) -> tuple[Any, Any]:
    if count >= len(rows):
        return rows, rows[:0]
    if hasattr(rows, "iloc"):
        return rows.iloc[:count], rows.iloc[count:]
    if hasattr(rows, "slice"):
        return rows.slice(0, count), rows.slice(count)
    return rows[:count], rows[count:]


def join_rows(parts: list[Any]) -> Any:
    """Return the rows of several parts of one type, one after the other."""
    if isinstance(parts[0], list):
        return list(chain.from_iterable(parts))
    for kind in type(parts[0]).__mro__:
        root = name_library(kind)
        if root in _JOINS:
            name, options = _JOINS[root]
            return getattr(sys.modules[root], name)(parts, **options)
    return sys.modules["numpy"].concatenate(parts)
