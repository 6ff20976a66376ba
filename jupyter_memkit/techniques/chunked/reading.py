"""Reads the pieces of a source, the next one while the cell works on the one before."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.techniques.chunked.sources.base import Piece


@dataclass(slots=True)
class Read:
    """A piece with its rows, for one user to take."""

    piece: Piece
    _rows: list[Any]

    def take(self) -> Any:
        """Hand the rows over."""
        return self._rows.pop()


class Reader:
    """Loads pieces one after the other.

    Parameters
    ----------
    pieces : generator
        From `Source.pieces`.
    ahead : bool
        Whether `prefetch` reads on another thread. That is for files, which pyarrow
        reads without the GIL, and not for code of the user's.
    """

    def __init__(self, pieces: Generator[Piece, None, None], *, ahead: bool) -> None:
        self._pieces = pieces
        self._executor = (
            ThreadPoolExecutor(1, thread_name_prefix="memkit-read") if ahead else None
        )
        self._next: Future[Read | None] | None = None

    def read(self) -> Read | None:
        """Return the next piece with its rows; None at the end."""
        if self._next is None:
            return self._load()
        read = self._next.result()
        self._next = None
        return read

    def prefetch(self) -> None:
        """Begin to read the next piece."""
        if self._executor is not None and self._next is None:
            self._next = self._executor.submit(self._load)

    def close(self) -> None:
        """Stop reading, and close the source."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
        self._next = None
        self._pieces.close()

    def _load(self) -> Read | None:
        for piece in self._pieces:
            return Read(piece, [piece.load()])
        return None
