"""Reads a few rows of a source, and splits them in several ways.

Where reading can start anywhere, the rows are from several places: in a sorted file the
first ones are very similar, and their parts would combine by chance.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.cells.purity import is_plain, is_table
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.sizes.registry import name_library
from jupyter_memkit.techniques.chunked.columns import has_columns, is_arrow_table
from jupyter_memkit.techniques.chunked.frames.maker import FrameMaker
from jupyter_memkit.techniques.chunked.rehearsal.changed_rows import link, lose, vary
from jupyter_memkit.techniques.chunked.rehearsal.not_rehearsed import (
    NotRehearsedError,
)
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import (
    Request,
    Source,
    find_row_bytes,
    find_starts,
    spread,
)
from jupyter_memkit.techniques.chunked.sources.cutting import join_rows

_ROWS = 1_000
_PLACES = 4
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
    """Return a few rows of a source as a chunk of plain data.

    Parameters
    ----------
    source : Source
        The source, which must be readable again.
    settings : Settings
        How it is read.

    Raises
    ------
    NotRehearsedError
        If its first rows cannot be read, or are not plain data.
    """
    row_bytes = find_row_bytes(source, settings.columns) or 1
    rows = max(_FEWEST_ROWS, min(_ROWS, int(_BYTES / row_bytes)))
    starts = find_starts(source, _PLACES)
    each = -(-rows // len(starts))
    request = settings.request(source, settings.plan_rows(source))
    request = dataclasses.replace(request, rows=lambda: each, exact=False)
    make = FrameMaker(source.name, request)
    probe: list[Any] = []
    n_rows = 0
    for start in starts:
        try:
            few = _read_rows(source, dataclasses.replace(request, start=start), make)
        except MemkitError as error:
            if not probe:
                # The run reports the error when it reaches these rows.
                why = "the first rows cannot be read"
                raise NotRehearsedError(why) from error
            continue
        if few is None:
            break
        probe.append(_take_plain(few, each))
        n_rows += len(probe[-1])
        if len(probe[-1]) < each // 2:
            # So few, because the source ends there.
            break
    if not probe:
        why = "there are no rows"
        raise NotRehearsedError(why)
    if n_rows < 2:
        why = "it takes at least two rows"
        raise NotRehearsedError(why)
    return number(join_rows(probe)) if len(probe) > 1 else probe[0]


def _read_rows(source: Source, request: Request, make: FrameMaker) -> Any:
    """Return the first piece of a request as a chunk; None if there is none."""
    pieces = source.pieces(request)
    try:
        for piece in pieces:
            return make(piece.load(), 0)
    finally:
        pieces.close()
    return None


def _take_plain(chunk: Any, n_rows: int) -> Any:
    if type(chunk) is list or is_table(chunk):
        few = take(chunk, range(min(n_rows, len(chunk))))
        if is_plain(few):
            return few
    why = "its chunks hold more than plain data"
    raise NotRehearsedError(why)


def thin(rows: Any, count: int) -> Any:
    """Return some rows that are spread evenly, numbered throughout, as a copy."""
    if count >= len(rows):
        return take(rows, range(len(rows)))
    return number(take(rows, spread(len(rows), count)))


def number(rows: Any) -> Any:
    """Renumber pandas rows from 0 on if their index only numbers them."""
    pandas = sys.modules.get("pandas")
    if name_library(type(rows)) != "pandas" or pandas is None:
        return rows
    index = rows.index
    if index.nlevels == 1 and index.name is None and index.dtype == "int64":
        rows.index = pandas.RangeIndex(len(rows))
    return rows


def take(rows: Any, places: Sequence[int]) -> Any:
    """Return some rows of a table, an array or a list, as a copy."""
    root = name_library(type(rows))
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
    yield cut_in_two("two halves", rows, half)
    yield cut_in_two("the first row and the others", rows, 1)
    doubled = repeat(rows, 2)
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
    evens, odds = everything[::2], everything[1::2]
    yield _split("every other row and the rest", rows, evens, odds, keeps_order=False)


def cut_in_two(name: str, rows: Any, place: int) -> Split:
    """Return the split of rows before a place."""
    return _split(name, rows, range(place), range(place, len(rows)))


def split_changed(rows: Any, used: Container[str]) -> Iterator[Split]:
    """Yield ways to split rows with other values, the most revealing first.

    Parameters
    ----------
    rows : object
        A chunk.
    used : container of str
        The names in the cell.
    """
    n_rows = len(rows)
    half = n_rows // 2
    halves = range(half), range(half, n_rows)
    varied = vary(rows)
    if varied is not None:
        changed, names = varied
        what = f" with other values of {' and '.join(names)}" if names else ""
        yield _split(f"two halves{what or ' with two outliers'}", changed, *halves)
        doubled = repeat(changed, 2)
        if doubled is not None:
            twice = range(n_rows), range(n_rows, 2 * n_rows)
            yield _split(f"the same rows twice{what}", doubled, *twice)
    for place, where in ((half, "start of the second"), (half - 1, "end of the first")):
        changed = lose(rows, place)
        if changed is not None:
            name = f"two halves with missing values at the {where}"
            yield _split(name, changed, *halves)
    alike = _repeat_row(rows, half)
    if alike is not None:
        yield _split("two halves that end and begin with the same row", alike, *halves)
    for changed, name, other in link(rows, used):
        what = f"two halves with values of {other} from each other in {name}"
        yield _split(what, changed, *halves)


def _split(
    name: str, rows: Any, *places: Sequence[int], keeps_order: bool = True
) -> Split:
    parts = tuple(take(rows, part) for part in places)
    return Split(name, rows, parts, keeps_order)


def repeat(rows: Any, times: int) -> Any:
    """Return rows repeated, numbered throughout; None if the index forbids it."""
    if name_library(type(rows)) == "pandas":
        pandas = sys.modules["pandas"]
        index = rows.index
        if type(index) is not pandas.RangeIndex:
            return None
        repeated = pandas.concat([rows] * times, ignore_index=True)
        return repeated.rename_axis(index.name)
    return take(rows, [*range(len(rows))] * times)


def _repeat_row(rows: Any, place: int) -> Any:
    """Return rows with a row in the place of the next; None if the index forbids it.

    A comparison with the row before has the result of no such row wherever they differ.
    """
    n_rows = len(rows)
    changed = take(rows, [*range(place), place - 1, *range(place + 1, n_rows)])
    if name_library(type(rows)) == "pandas":
        if type(rows.index) is not sys.modules["pandas"].RangeIndex:
            return None
        changed.index = rows.index
    return changed


def _sort(rows: Any, used: Container[str]) -> Iterator[tuple[str, list[int]]]:
    """Yield columns, and the places of the rows sorted by them."""
    if not has_columns(rows) or is_arrow_table(rows):
        return
    likeliest = sorted(rows.columns, key=lambda name: name not in used)
    for name in likeliest[:_SORTED_COLUMNS]:
        values = rows[name].to_list()
        # Lists and arrays cannot all be compared with each other.
        with contextlib.suppress(TypeError, ValueError):
            yield str(name), sorted(range(len(values)), key=values.__getitem__)
