"""Changes sample rows, so that values that agree by chance no longer do.

In a few rows a column can have a single value, no outlier, and no missing value where
two parts meet. Over such rows a maximum adds up, and a filter by the mean keeps the
same rows in each part.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import math
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from jupyter_memkit.cells.purity import is_scalar
from jupyter_memkit.techniques.chunked.rehearsal.flattening import is_missing

# How far two outliers lie above the largest value, in ranges of all values.
_NEAR, _FAR = 5, 100
# Cells can count up to a number, or allocate as much.
_MOST_NUMBER = 1_000_000
# Integers that fit into every type.
_SMALL = 100

# Of wide rows, some columns are changed.
_MOST_COLUMNS = 64

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
    for column, name, values in _read_columns(rows):
        present = [value for value in values if not is_missing(value)]
        if _are_the_same(present):
            tried = list(_spread(present[0], len(values)))
            constants += [name] if name else []
        else:
            tried = list(_add_outliers(values, present))
        if tried:
            changes[column] = tried
    changed = _replace(rows, changes) if changes else None
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
    for column, _, values in _read_columns(rows):
        if type(values[place]) in {float, str} or _is_time(values[place]):
            changes[column] = [[*values[:place], None, *values[place + 1 :]]]
    return _replace(rows, changes) if changes else None


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


def _read_columns(rows: Any) -> Iterator[tuple[Any, str, list[Any]]]:
    """Yield columns of a chunk: their places, names and values."""
    places = _list_places(rows)
    for place, name in places[:: len(places) // _MOST_COLUMNS + 1]:
        yield place, name, _read_column(rows, place)


def _list_places(rows: Any) -> list[tuple[Any, str]]:
    """Return the places of all columns, with their names as far as they have some."""
    root = type(rows).__module__.partition(".")[0]
    # Labels of a series are attributes of it, but not of its type.
    if hasattr(type(rows), "columns"):
        names = rows.column_names if root == "pyarrow" else rows.columns
        return [(place, str(name)) for place, name in enumerate(names)]
    if root == "numpy":
        if rows.ndim == 2:
            return [((..., place), "") for place in range(rows.shape[1])]
        return [(..., "")] if rows.ndim == 1 and not rows.dtype.names else []
    if type(rows) is list and all(
        type(row) is dict and row.keys() == rows[0].keys() for row in rows
    ):
        return [(name, str(name)) for name in rows[0]]
    return [(..., "")]


def _read_column(rows: Any, place: Any) -> list[Any]:
    root = type(rows).__module__.partition(".")[0]
    found: list[Any]
    if root == "pandas":
        found = (rows if place is ... else rows.iloc[:, place]).tolist()
    elif root == "polars":
        found = (rows if place is ... else rows.to_series(place)).to_list()
    elif root == "pyarrow":
        found = rows.column(place).to_pylist()
    elif root == "numpy":
        found = rows[place].tolist()
    else:
        found = list(rows) if place is ... else [row[place] for row in rows]
    return found


def _replace(rows: Any, changes: dict[Any, list[Sequence[Any]]]) -> Any:
    """Return rows with other columns, each with the first values that fit its type.

    Returns
    -------
    object
        None if no column can hold its values.
    """
    is_changed = False
    if type(rows).__module__.partition(".")[0] in {"pandas", "numpy"}:
        # Once for all columns, which are set in place.
        rows = rows.copy()
    for place, choices in changes.items():
        for values in choices:
            # The libraries have an error each for values that do not fit.
            with contextlib.suppress(Exception):
                rows = _set_column(rows, place, values)
                is_changed = True
                break
    return rows if is_changed else None


def _set_column(rows: Any, place: Any, values: Sequence[Any]) -> Any:
    """Return rows with another column; frames of pandas and arrays are changed."""
    root = type(rows).__module__.partition(".")[0]
    library: Any = sys.modules.get(root)
    if place is ... and root != "numpy":
        return _make_like(rows, values, library)
    if root == "pandas":
        dtype = rows.dtypes.iloc[place]
        rows.isetitem(place, library.Series(values, index=rows.index, dtype=dtype))
        return rows
    if root == "polars":
        name = rows.columns[place]
        return rows.with_columns(library.Series(name, values, rows.dtypes[place]))
    if root == "pyarrow":
        field = rows.schema.field(place)
        return rows.set_column(place, field, library.array(values, field.type))
    if root == "numpy":
        rows[place] = library.array(values).astype(rows.dtype, casting="same_kind")
        return rows
    return [{**row, place: value} for row, value in zip(rows, values, strict=True)]


def _make_like(rows: Any, values: Sequence[Any], library: Any) -> Any:
    """Return a list or a series with other values."""
    root = type(rows).__module__.partition(".")[0]
    if root == "pandas":
        return library.Series(values, rows.index, rows.dtype, rows.name)
    if root == "polars":
        return library.Series(rows.name, values, rows.dtype)
    return list(values)


def _is_time(value: Any) -> bool:
    # NaT of pandas is a datetime, too.
    return isinstance(value, dt.date) and not is_missing(value)
