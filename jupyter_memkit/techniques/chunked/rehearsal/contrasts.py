"""Arranges a few sample rows so that the steps from each to the next differ much.

Code that compares each row with the next is detected only where it finds something, and
in most samples such places are rare. Among steps that are long and short, up and down,
it finds something if it ever does; and when each row is a part, every step is between
two parts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterator
from itertools import islice
from typing import Any

from jupyter_memkit.techniques.chunked.rehearsal.flattening import is_missing
from jupyter_memkit.techniques.chunked.rehearsal.probes import Split, number, take
from jupyter_memkit.techniques.chunked.rehearsal.row_columns import (
    read_columns,
    replace_columns,
)

# The number of rows, and of the columns by which they are arranged.
_ROWS = 8
_COLUMNS = 3


def split_contrasts(rows: Any, used: Container[str]) -> Iterator[Split]:
    """Yield ways to split a few rows, low and high in a column in turns, singly.

    Parameters
    ----------
    rows : object
        A chunk.
    used : container of str
        The names in the cell; such columns come first.
    """
    columns = sorted(read_columns(rows), key=lambda column: column[1] not in used)
    arranged = ((column, _alternate(column[2])) for column in columns)
    known = ((column, places) for column, places in arranged if places)
    for (column, name, values), places in islice(known, _COLUMNS):
        yield _split_singly(f"{len(places)} single rows", number(take(rows, places)))
        # Of rows in groups, two of the same group can be far from each other.
        alike = number(take(rows, places[:1] * len(places)))
        extremes = [values[place] for place in places]
        changed = replace_columns(alike, {column: [extremes]})
        if changed is not None and name:
            what = f"{len(places)} single rows that differ in {name} only"
            yield _split_singly(what, changed)


def _alternate(values: list[Any]) -> list[int]:
    """Return the places of two low and two high values in turns; none if all are equal.

    The steps between them are long and short, up and down.

    Examples
    --------
    >>> _alternate([3, 1, None, 2, 5])
    [1, 3, 4, 0]
    """
    places = [place for place, value in enumerate(values) if not is_missing(value)]
    # Lists and arrays cannot all be compared with each other.
    with contextlib.suppress(TypeError, ValueError):
        places.sort(key=values.__getitem__)
        if places and values[places[0]] != values[places[-1]]:
            count = min(_ROWS, len(places))
            low, high = iter(places), reversed(places)
            turns = (low, low, high, high)
            return [next(turns[number % 4]) for number in range(count)]
    return []


def _split_singly(name: str, rows: Any) -> Split:
    parts = tuple(take(rows, range(place, place + 1)) for place in range(len(rows)))
    return Split(name, rows, parts)
