"""Pieces of what can be read from any row on: each one is told by its rows alone."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any

from jupyter_memkit.errors import SourceError, suggest
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request


def range_pieces(
    request: Request,
    total_rows: int,
    load: Callable[[int, int], Any],
    *,
    stored_rows: int = 1,
) -> Generator[Piece, None, None]:
    """Cut rows into pieces that hold no data until they are loaded.

    Parameters
    ----------
    request : Request
        What is asked for.
    total_rows : int
        The rows that there are.
    load : callable
        Returns the rows from the first number up to the second. Where pieces are
        loaded in other processes, it is sent there.
    stored_rows : int
        The rows that are stored together, so that to read one is to read all:
        pieces end where these do, if they are no smaller.

    Yields
    ------
    Piece
        Its places are numbers of rows.
    """
    start = request.start or 0
    end = total_rows if request.end is None else request.end
    while start < end:
        stop = end
        if request.end is None:
            rows = request.rows()
            stop = min(start + rows, end)
            if not request.exact and rows >= stored_rows and stop < end:
                stop -= stop % stored_rows
        yield Piece(
            load=partial(load, start, stop),
            start=start,
            end=stop,
            rows=stop - start,
            fraction=stop / total_rows,
        )
        start = stop


def check_options(name: str, options: Mapping[str, Any], *known: str) -> None:
    """Refuse options that mean nothing to a source.

    Raises
    ------
    SourceError
        With the options that there are.
    """
    for option in options:
        if option not in known:
            there_are = f"it takes {', '.join(known)}" if known else "leave it out"
            remedy = suggest(option, known, there_are)
            message = f"{name} takes no reader option {option!r}; {remedy}"
            raise SourceError(message)


def choose_key(name: str, key: str | None, keys: list[str], what: str) -> str:
    """Return which of a file's arrays or tables is meant.

    Raises
    ------
    SourceError
        When it is not clear; the message lists them.
    """
    if key is not None and key.strip("/") in keys:
        return key.strip("/")
    if key is not None:
        there_are = f"it has {', '.join(keys)}" if keys else f"it holds no {what}"
        message = f"{name} has no {key!r}; {suggest(key, keys, there_are)}"
        raise SourceError(message)
    if not keys:
        message = f"{name} holds no {what}; give another file"
        raise SourceError(message)
    if len(keys) > 1:
        message = (
            f"{name} holds several {what}s ({', '.join(keys)}); "
            f"give one of them, such as --read key={keys[0]}"
        )
        raise SourceError(message)
    return keys[0]
