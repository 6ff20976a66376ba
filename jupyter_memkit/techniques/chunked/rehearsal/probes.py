"""Reads a few rows of a source, and splits them in several ways."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.cells.purity import is_plain, is_table
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.rehearsal.not_rehearsed import (
    NotRehearsedError,
)
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Source, find_row_bytes
from jupyter_memkit.techniques.chunked.sources.frames import FrameMaker

_ROWS = 1_000
_FEWEST_ROWS = 50
# Fewer rows are read if they are long.
_BYTES = 512 << 10

# The number of columns by which rows are sorted.
_SORTED_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Split:
    """A way to split rows.

    Attributes
    ----------
    name : str
        The name of the parts in messages.
    whole : object
        The rows.
    parts : tuple of object
        The same rows, in parts.
    keeps_order : bool
        Whether the parts follow each other as chunks do.
    """

    name: str
    whole: Any
    parts: tuple[Any, ...]
    keeps_order: bool = True


def read_probe(source: Source, settings: Settings) -> Any:
    """Return the first rows of a source as a chunk of plain data.

    Parameters
    ----------
    source : Source
        The source, which must be readable again.
    settings : Settings
        How it is read.

    Raises
    ------
    NotRehearsedError
        If they cannot be read, or are not plain data.
    """
    row_bytes = find_row_bytes(source, settings.columns) or 1
    rows = max(_FEWEST_ROWS, min(_ROWS, int(_BYTES / row_bytes)))
    request = settings.request(source, settings.plan_rows(source))
    request = dataclasses.replace(request, rows=lambda: rows)
    pieces = source.pieces(request)
    try:
        for piece in pieces:
            chunk = FrameMaker(source.name, request)(piece.load(), 0)
            return _take_plain(chunk, rows)
    except MemkitError as error:
        # The run reports the error when it reaches these rows.
        why = "the first rows cannot be read"
        raise NotRehearsedError(why) from error
    finally:
        pieces.close()
    why = "there are no rows"
    raise NotRehearsedError(why)


def _take_plain(chunk: Any, n_rows: int) -> Any:
    if type(chunk) is list or is_table(chunk):
        few = take(chunk, range(min(n_rows, len(chunk))))
        if len(few) < 2:
            why = "it takes at least two rows"
            raise NotRehearsedError(why)
        if is_plain(few):
            return few
    why = "its chunks hold more than plain data"
    raise NotRehearsedError(why)


def take(rows: Any, places: Sequence[int]) -> Any:
    """Return some rows of a table, an array or a list, as a copy."""
    root = type(rows).__module__.partition(".")[0]
    if root == "pandas":
        if type(places) is range and places.step == 1:
            return rows.iloc[places.start : places.stop].copy()
        return rows.iloc[list(places)]
    if root == "pyarrow":
        # With a type, because there may be none.
        return rows.take(sys.modules["pyarrow"].array(list(places), "int64"))
    if root == "polars":
        return rows[list(places)]
    if root == "numpy":
        return rows[list(places)]
    return [rows[place] for place in places]


def split(rows: Any, used: Container[str]) -> Iterator[Split]:
    """Yield ways to split rows, the most revealing first.

    Parameters
    ----------
    rows : object
        A chunk.
    used : container of str
        The names in the cell; rows are sorted by such columns first.
    """
    n_rows = len(rows)
    half = n_rows // 2
    everything = range(n_rows)
    yield _split("two halves", rows, everything[:half], everything[half:])
    doubled = _double(rows)
    if doubled is not None:
        twice = range(2 * n_rows)
        yield _split("the same rows twice", doubled, twice[:n_rows], twice[n_rows:])
    for name, order in _sort(rows, used):
        yield _split(
            f"two halves sorted by {name}",
            rows,
            order[:half],
            order[half:],
            keeps_order=False,
        )
    yield _split("the first row and the others", rows, everything[:1], everything[1:])
    evens, odds = everything[::2], everything[1::2]
    yield _split("every other row and the rest", rows, evens, odds, keeps_order=False)


def _split(
    name: str, rows: Any, *places: Sequence[int], keeps_order: bool = True
) -> Split:
    parts = tuple(take(rows, part) for part in places)
    return Split(name, rows, parts, keeps_order)


def _double(rows: Any) -> Any:
    """Return the rows twice, numbered throughout; None if the index forbids it."""
    if type(rows).__module__.partition(".")[0] == "pandas":
        pandas = sys.modules["pandas"]
        index = rows.index
        if type(index) is not pandas.RangeIndex:
            return None
        return pandas.concat([rows, rows], ignore_index=True).rename_axis(index.name)
    return take(rows, [*range(len(rows)), *range(len(rows))])


def _sort(rows: Any, used: Container[str]) -> Iterator[tuple[str, list[int]]]:
    """Yield columns, and the places of the rows sorted by them."""
    names = getattr(rows, "columns", None)
    if names is None or type(rows).__module__.startswith("pyarrow"):
        return
    likeliest = sorted(names, key=lambda name: name not in used)
    for name in likeliest[:_SORTED_COLUMNS]:
        values = rows[name].to_list()
        try:
            yield str(name), sorted(range(len(values)), key=values.__getitem__)
        except TypeError:
            continue
