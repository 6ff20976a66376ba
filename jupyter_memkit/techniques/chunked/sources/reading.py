"""Makes the chunks of a source, the next one while the cell works on the current one.

Chunks of files are made on a thread. The user's own iterators and databases are read on
the thread that created them, which their code may depend on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.techniques.chunked.sources.base import Piece, TypeChange


@dataclass(slots=True)
class Read:
    """A chunk, to be taken once, and the piece that it was made from."""

    piece: Piece
    rows: int
    _chunk: list[Any]

    def take(self) -> Any:
        """Return the chunk, and drop the reference to it."""
        return self._chunk.pop()


class Reader:
    """Makes chunks one after the other.

    Parameters
    ----------
    pieces : generator
        The pieces, from `Source.pieces`.
    make : callable
        Makes a chunk from the rows of a piece and the number of the first row, such as
        a `FrameMaker`.
    first_row : int
        The number of the first row.
    ahead : bool
        Whether `prefetch` reads on another thread: for files, which pyarrow reads
        without the GIL, but not for code of the user's.
    """

    def __init__(
        self,
        pieces: Generator[Piece, None, None],
        make: Callable[[Any, int], Any],
        *,
        first_row: int = 0,
        ahead: bool,
    ) -> None:
        self._pieces = pieces
        self._make = make
        self._row = first_row
        self._executor = (
            ThreadPoolExecutor(1, thread_name_prefix="memkit-read") if ahead else None
        )
        self._next: Future[Read | None] | None = None

    def read(self) -> Read | None:
        """Return the next chunk; None at the end."""
        if self._next is None:
            return self._load()
        read = self._next.result()
        self._next = None
        return read

    def prefetch(self) -> None:
        """Start to make the next chunk."""
        if self._executor is not None and self._next is None:
            self._next = self._executor.submit(self._load)

    def close(self) -> None:
        """Stop reading, and close the source."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
        self._next = None
        self._pieces.close()

    def _load(self) -> Read | None:
        try:
            return self._load_next()
        except TypeChange as change:
            raise change.after(self._row) from None

    def _load_next(self) -> Read | None:
        for piece in self._pieces:
            ready = [self._make(piece.load(), self._row)]
            rows = len(ready[0]) if piece.rows is None else piece.rows
            # Lines that hold only spaces are not rows.
            if rows:
                self._row += rows
                return Read(piece, rows, ready)
        return None
