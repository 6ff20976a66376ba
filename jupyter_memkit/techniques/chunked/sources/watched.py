"""Ends a run over a file that changes while it is read.

Size, modification time and inode are compared after each piece and at the end, because
reading a file that was cut short ends early without an error.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request

SourceT = TypeVar("SourceT")
Pieces = Callable[[SourceT, Request], Generator[Piece, None, None]]


def of_unchanged_file(pieces: Pieces[SourceT]) -> Pieces[SourceT]:
    """Wrap the `Source.pieces` of a file to raise an error if the file changes."""

    @functools.wraps(pieces)
    def watched(source: Any, request: Request) -> Generator[Piece, None, None]:
        before = _read_state(source.path)
        with contextlib.closing(pieces(source, request)) as each:
            while True:
                try:
                    piece: Piece | None = next(each, None)
                except Exception as error:
                    if _read_state(source.path) != before:
                        raise _make_error(source.name) from error
                    raise
                if _read_state(source.path) != before:
                    raise _make_error(source.name)
                if piece is None:
                    return
                # No reference stays to a piece that is handed out.
                ready = [piece]
                del piece
                yield ready.pop()

    return watched


def _read_state(path: Any) -> Any:
    """Return the state of a file; None if it does not exist, or is remote."""
    if not isinstance(path, Path):
        return None  # Each check would be a request to a server.
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns, state.st_ino


def _make_error(name: str) -> SourceError:
    return SourceError(
        f"{name} changed while it was read, so the result would mix two versions; "
        "run it again when nothing writes to the file"
    )
