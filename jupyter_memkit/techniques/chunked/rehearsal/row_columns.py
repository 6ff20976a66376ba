"""Reads and replaces the columns of sample rows, whatever library holds them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from jupyter_memkit.measure.sizes.registry import name_library
from jupyter_memkit.techniques.chunked.columns import list_names

# Of wide rows, some columns are changed.
_MOST_COLUMNS = 64


def read_columns(rows: Any) -> Iterator[tuple[Any, str, list[Any]]]:
    """Yield columns of a chunk: their places, names and values."""
    places = _list_places(rows)
    for place, name in places[:: len(places) // _MOST_COLUMNS + 1]:
        yield place, name, _read_column(rows, place)


def _list_places(rows: Any) -> list[tuple[Any, str]]:
    """Return the places of all columns, with their names as far as they have some."""
    names = list_names(rows)
    if names is not None:
        return [(place, str(name)) for place, name in enumerate(names)]
    if name_library(type(rows)) == "numpy":
        if rows.ndim == 2:
            return [((..., place), "") for place in range(rows.shape[1])]
        return [(..., "")] if rows.ndim == 1 and not rows.dtype.names else []
    if type(rows) is list and all(
        type(row) is dict and row.keys() == rows[0].keys() for row in rows
    ):
        return [(name, str(name)) for name in rows[0]]
    return [(..., "")]


def _read_column(rows: Any, place: Any) -> list[Any]:
    root = name_library(type(rows))
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


def replace_columns(rows: Any, changes: dict[Any, list[Sequence[Any]]]) -> Any:
    """Return rows with other columns, each with the first values that fit its type.

    Returns
    -------
    object
        None if no column can hold its values.
    """
    is_changed = False
    if name_library(type(rows)) in {"pandas", "numpy"}:
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
    """Return rows with another column; pandas frames and arrays are changed."""
    root = name_library(type(rows))
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
    root = name_library(type(rows))
    if root == "pandas":
        return library.Series(values, rows.index, rows.dtype, rows.name)
    if root == "polars":
        return library.Series(rows.name, values, rows.dtype)
    return list(values)
