"""Pieces of sources that can be read from any row: ranges of rows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from functools import partial
from typing import Any

from jupyter_memkit.errors import SourceError, suggest
from jupyter_memkit.techniques.chunked.sources.base import Loaded, Piece, Request


def range_pieces(
    request: Request,
    total_rows: int,
    load: Callable[[int, int], Any],
    *,
    stored_rows: int = 1,
    is_separate: bool = True,
) -> Generator[Piece, None, None]:
    """Cut rows into pieces that hold no data until they are loaded.

    Parameters
    ----------
    request : Request
        The request for the pieces.
    total_rows : int
        The number of all rows.
    load : callable
        Returns the rows from the first number up to the second. If pieces are loaded
        in other processes, it is sent there.
    stored_rows : int
        The number of rows that are stored together, so that reading one reads all;
        pieces that are not smaller end at their boundaries.
    is_separate : bool
        Whether the rows can be loaded in any order.

    Yields
    ------
    Piece
        Its start and end are numbers of rows.
    """
    for start, stop in _cut(request, total_rows, stored_rows):
        yield Piece(
            load=partial(load, start, stop),
            start=start,
            end=stop,
            rows=stop - start,
            fraction=stop / total_rows,
            is_separate=is_separate,
        )


def item_pieces(
    request: Request, total_rows: int, load: Callable[[int, int], Any]
) -> Generator[Piece, None, None]:
    """Cut items that an object returns by their numbers into pieces.

    For other processes the pieces are loaded here, because otherwise an object that
    holds its data would go with every piece.

    Parameters
    ----------
    request : Request
        The request for the pieces.
    total_rows : int
        The number of all items.
    load : callable
        Returns the items from the first number up to the second.

    Yields
    ------
    Piece
        Its start and end are numbers of items.
    """
    for start, stop in _cut(request, total_rows):
        later = partial(load, start, stop)
        yield Piece(
            load=Loaded(later()) if request.portable else later,
            start=start,
            end=stop,
            rows=stop - start,
            fraction=stop / total_rows,
            is_separate=not request.portable,
        )


def _cut(
    request: Request, total_rows: int, stored_rows: int = 1
) -> Iterator[tuple[int, int]]:
    """Yield the first row of each piece and the row after its last."""
    start = request.start or 0
    end = total_rows if request.end is None else request.end
    while start < end:
        stop = end
        # A request with an end is for one piece.
        if request.end is None:
            rows = request.rows()
            stop = min(start + rows, end)
            if not request.exact and rows >= stored_rows and stop < end:
                stop -= stop % stored_rows
        yield start, stop
        start = stop


def check_options(name: str, options: Mapping[str, Any], *known: str) -> None:
    """Reject options that a source does not have.

    Raises
    ------
    SourceError
        If there are any; the message lists the options of the source.
    """
    for option in options:
        if option not in known:
            otherwise = f"use {', '.join(known)}" if known else "leave it out"
            remedy = suggest(option, known, otherwise)
            message = f"{name} has no reader option {option!r}; {remedy}"
            raise SourceError(message)


def choose_key(name: str, key: str | None, keys: list[str], what: str) -> str:
    """Return the name of the array or table to read from a file.

    Raises
    ------
    SourceError
        If it is not clear; the message lists the names.
    """
    if key is not None and key.strip("/") in keys:
        return key.strip("/")
    if key is not None:
        otherwise = f"it has {', '.join(keys)}" if keys else "use another file"
        message = f"{name} has no {what} {key!r}; {suggest(key, keys, otherwise)}"
        raise SourceError(message)
    if not keys:
        message = f"{name} has no {what}; use another file"
        raise SourceError(message)
    if len(keys) > 1:
        message = (
            f"{name} has several {what}s ({', '.join(keys)}); "
            f"choose one of them, such as --read key={keys[0]}"
        )
        raise SourceError(message)
    return keys[0]
