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

from jupyter_memkit.techniques.chunked.rehearsal.flattening import is_missing

# How far two outliers lie above the largest value, in ranges of all values.
_NEAR, _FAR = 5, 100
# Cells can count up to an integer, or allocate as much.
_MOST_INTEGER = 10_000_000
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
    ([1.0, 19.0, 3.0, 304.0], [])
    """
    changes: dict[Any, list[Sequence[Any]]] = {}
    constants = []
    for column, name, values in _read_columns(rows):
        present = [value for value in values if not is_missing(value)]
        if present and all(value == present[0] for value in present):
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
    if int in kinds and far > _MOST_INTEGER:
        return
    changed = list(values)
    changed[len(changed) // 4], changed[3 * len(changed) // 4] = near, far
    yield changed


def _read_columns(  # noqa: C901 - one for each library
    rows: Any,
) -> Iterator[tuple[Any, str, list[Any]]]:
    """Yield the columns of a chunk: their places, names and values."""
    root = type(rows).__module__.partition(".")[0]
    if root == "pandas":
        for place, name in enumerate(rows.columns):
            yield place, str(name), rows.iloc[:, place].tolist()
    elif root == "polars":
        for column in rows.iter_columns():
            yield column.name, column.name, column.to_list()
    elif root == "pyarrow":
        for place, name in enumerate(rows.column_names):
            yield place, name, rows.column(place).to_pylist()
    elif root == "numpy":
        for place in _find_places(rows):
            yield place, "", rows[place].tolist()
    elif all(type(row) is dict and row.keys() == rows[0].keys() for row in rows):
        for name in rows[0]:
            yield name, str(name), [row[name] for row in rows]
    else:
        yield ..., "", list(rows)


def _find_places(array: Any) -> list[Any]:
    """Return the columns of an array of one or two dimensions."""
    if array.ndim == 1 and not array.dtype.names:
        return [...]
    return [(..., n) for n in range(array.shape[1])] if array.ndim == 2 else []


def _replace(rows: Any, changes: dict[Any, list[Sequence[Any]]]) -> Any:
    """Return rows with other columns, each with the first values that fit its type.

    Returns
    -------
    object
        None if no column can hold its values.
    """
    changed = None
    for column, choices in changes.items():
        for values in choices:
            with contextlib.suppress(Exception):
                # The libraries have an error each for values that do not fit.
                before = rows if changed is None else changed
                changed = _with_column(before, column, values)
                break
    return changed


def _with_column(rows: Any, column: Any, values: Sequence[Any]) -> Any:
    root = type(rows).__module__.partition(".")[0]
    library: Any = sys.modules.get(root)
    if root == "pandas":
        old = rows.iloc[:, column]
        new = library.Series(values, index=rows.index, dtype=old.dtype)
        rows = rows.copy()
        rows.isetitem(column, new)
        return rows
    if root == "polars":
        kind = rows.schema[column]
        return rows.with_columns(library.Series(column, values, dtype=kind))
    if root == "pyarrow":
        field = rows.schema.field(column)
        return rows.set_column(column, field, library.array(values, field.type))
    if root == "numpy":
        new = library.array(values).astype(rows.dtype, casting="same_kind")
        rows = rows.copy()
        rows[column] = new
        return rows
    if column is ...:
        return list(values)
    return [{**row, column: value} for row, value in zip(rows, values, strict=True)]


def _is_time(value: Any) -> bool:
    # NaT of pandas is a datetime, too.
    return isinstance(value, dt.date) and not is_missing(value)
