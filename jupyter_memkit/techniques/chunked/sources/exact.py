"""Pieces of exactly so many rows, of a source that is cut by its bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any

from jupyter_memkit.techniques.chunked.sources.base import Loaded, Piece, Request
from jupyter_memkit.techniques.chunked.sources.files import import_library


def exact_pieces(
    pieces: Generator[Piece, None, None], request: Request, skipped_rows: int
) -> Generator[Piece, None, None]:
    """Cut tables anew, into as many rows as are asked for.

    Parameters
    ----------
    pieces : generator of Piece
        Whose rows are tables of pyarrow.
    request : Request
        What is asked for.
    skipped_rows : int
        Rows at the start to leave out.

    Yields
    ------
    Piece
        Its place is that of a piece that was given, and how many rows into it.
    """
    # Of each table: itself, the place of its piece, the rows of it that are used.
    held: deque[list[Any]] = deque()
    n_held = 0
    fraction = None
    while True:
        wanted = request.rows()
        while n_held < wanted and (piece := next(pieces, None)) is not None:
            table = piece.load()
            held.append([table, piece.start, skipped_rows])
            n_held += len(table) - skipped_rows
            skipped_rows = 0
            fraction = piece.fraction
            last_end = piece.end
            del table
        if not n_held:
            return
        start = [held[0][1], held[0][2]]
        ready = [_take(held, min(wanted, n_held))]
        rows = len(ready[0])
        n_held -= rows
        end = [held[0][1], held[0][2]] if held else [last_end, 0]
        yield Piece(
            load=Loaded(ready.pop()), start=start, end=end, rows=rows, fraction=fraction
        )
        if request.end is not None:  # It is this one piece that was asked for.
            return


def _take(held: deque[list[Any]], rows: int) -> Any:
    """Take rows from the front of the tables that are held."""
    parts = []
    while rows:
        table, _, used = held[0]
        part = table.slice(used, rows)
        parts.append(part)
        rows -= len(part)
        held[0][2] += len(part)
        if held[0][2] == len(table):
            held.popleft()
        del table
    return import_library("pyarrow", "tables").concat_tables(parts)
