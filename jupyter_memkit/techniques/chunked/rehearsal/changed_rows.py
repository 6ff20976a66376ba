"""Changes sample rows, so that values that agree by chance no longer do.

In a few rows a column can have a single value, no outlier, and no missing value where
two parts meet. Over such rows a maximum adds up, and a filter by the mean keeps the
same rows in each part.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Container, Iterator, Sequence
from itertools import combinations, islice
from typing import Any

from jupyter_memkit.cells.purity import is_scalar
from jupyter_memkit.techniques.chunked.rehearsal.flattening import is_missing
from jupyter_memkit.techniques.chunked.rehearsal.row_columns import (
    read_columns,
    replace_columns,
)

# How far two outliers are above the largest value, in ranges of all values.
_NEAR, _FAR = 5, 100
# Cells can count up to a number, or allocate as much.
_MOST_NUMBER = 1_000_000
# The number of pairs of columns that get the same values.
_MOST_PAIRS = 3
# Integers that fit into every type.
_SMALL = 100

_DAY = dt.timedelta(days=1)


def vary(rows: Any) -> tuple[Any, list[str]] | None:
    """Return rows with more values: many in constant columns, and two outliers.

    Parameters
    ----------
    rows : object
        A chunk with some rows.

    Returns
    -------
    rows : object
        The changed rows.
    names : list of str
        The columns that had a single value, as far as columns have names.

    Examples
    --------
    >>> vary([1.0, 2.0, 3.0, 4.0])
    ([1.0, 19.0, 304.0, 4.0], [])
    """
    changes: dict[Any, list[Sequence[Any]]] = {}
    constants = []
    for column, name, values in read_columns(rows):
        present = [value for value in values if not is_missing(value)]
        if _are_the_same(present):
            tried = list(_spread(present[0], len(values)))
            constants += [name] if name else []
        else:
            tried = list(_add_outliers(values, present))
        if tried:
            changes[column] = tried
    changed = replace_columns(rows, changes) if changes else None
    return None if changed is None else (changed, constants)


def lose(rows: Any, place: int) -> Any:
    """Return rows with missing values in one of them; None if no column can have one.

    Parameters
    ----------
    rows : object
        A chunk.
    place : int
        The number of the row.
    """
    changes: dict[Any, list[Sequence[Any]]] = {}
    for column, _, values in read_columns(rows):
        if type(values[place]) in {float, str} or _is_time(values[place]):
            changes[column] = [[*values[:place], None, *values[place + 1 :]]]
    return replace_columns(rows, changes) if changes else None


def link(rows: Any, used: Container[str]) -> Iterator[tuple[Any, str, str]]:
    """Yield rows of which each has a value of a row in the other half.

    What looks for the values of a column among those of another one finds them there.

    Parameters
    ----------
    rows : object
        A chunk with some rows.
    used : container of str
        The names in the cell, among which such columns are.

    Yields
    ------
    rows : object
        The changed rows.
    name : str
        The column that was changed.
    other : str
        The column that has its values.
    """
    half = len(rows) // 2
    columns = [column for column in read_columns(rows) if column[1] in used]
    pairs = (
        (one, other)
        for one, other in combinations(columns, 2)
        if {*map(type, one[2])} == {*map(type, other[2])}
    )
    for (_, other, values), (column, name, _) in islice(pairs, _MOST_PAIRS):
        changed = replace_columns(rows, {column: [[*values[half:], *values[:half]]]})
        if changed is not None:
            yield changed, name, other


def _are_the_same(values: Sequence[Any]) -> bool:
    """Return whether a column has a single value; there are none for arrays."""
    if not values or not (is_scalar(values[0]) or _is_time(values[0])):
        return False
    is_of_type = {type(values[0])}.issuperset(map(type, values))
    return is_of_type and all(value == values[0] for value in values)


def _spread(value: Any, count: int) -> Iterator[Sequence[Any]]:
    """Yield as many different values of a type, the most revealing first."""
    kind = type(value)
    if kind is bool:
        yield [place % 3 == 0 for place in range(count)]
    elif kind in {int, float, decimal.Decimal}:
        yield [value + place for place in range(count)]
        yield [kind(place % _SMALL) for place in range(count)]
    elif kind is str:
        yield [f"{value}{10 * place // count}" for place in range(count)]
    elif _is_time(value):
        yield [value + place * _DAY for place in range(count)]


def _add_outliers(
    values: Sequence[Any], present: Sequence[Any]
) -> Iterator[Sequence[Any]]:
    """Yield numbers with an outlier in each half, the second far beyond the first."""
    kinds = set(map(type, present))
    if not kinds or not kinds <= {int, float}:
        return
    finite = [value for value in present if math.isfinite(value)]
    low, high = min(finite, default=0), max(finite, default=0)
    near, far = (high + ranges * (high - low) for ranges in (_NEAR, _FAR))
    if far > _MOST_NUMBER:
        return
    changed = list(values)
    # The second is where the halves meet, so that it also differs from the row before.
    changed[len(changed) // 4], changed[len(changed) // 2] = near, far
    yield changed


def _is_time(value: Any) -> bool:
    # NaT of pandas is a datetime, too.
    return isinstance(value, dt.date) and not is_missing(value)
