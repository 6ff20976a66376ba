"""Ends a run over a file that is changed while it is read."""

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
    """Make the `Source.pieces` of a file end with a sentence when the file is changed.

    The file is looked at after each piece is read, and at the end: one that was cut
    short ends early without any error.
    """

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
                # A piece that is handed out has no other holder.
                ready = [piece]
                del piece
                yield ready.pop()

    return watched


def _read_state(path: Any) -> Any:
    """Return what changes with a file; None of one that is gone, or far away."""
    if not isinstance(path, Path):
        return None  # A server would be asked each time.
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns, state.st_ino


def _make_error(name: str) -> SourceError:
    return SourceError(
        f"{name} was changed while it was read, so the result would be of no one "
        "state of it; run it again when nothing writes to it"
    )
