"""Whether the rows of a cell's value depend on the other rows of the chunk.

Joined values are those of the whole only if each row comes from its own row, which is
not so for cumulative sums, ranks, differences from a mean, totals, a choice of rows and
rows without duplicates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.chunked.columns import list_names
from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.rehearsal.flattening import tolerance_of
from jupyter_memkit.techniques.chunked.rehearsal.not_rehearsed import (
    NotRehearsedError,
)

# Of a wide table, some columns are compared.
_MOST_COLUMNS = 64

# How the columns of a table are read by their places, and the items of a column.
_TABLES: Mapping[tuple[str, str], Callable[[Any, int], list[Any]]] = {
    ("pandas", "DataFrame"): lambda table, place: table.iloc[:, place].tolist(),
    ("polars", "DataFrame"): lambda table, place: table.to_series(place).to_list(),
    ("pyarrow", "Table"): lambda table, place: table.column(place).to_pylist(),
}
_COLUMNS: Mapping[tuple[str, str], Callable[[Any], list[Any]]] = {
    ("pandas", "Index"): lambda column: column.tolist(),
    ("pandas", "Series"): lambda column: column.tolist(),
    ("polars", "Series"): lambda column: column.to_list(),
    ("pyarrow", "Array"): lambda column: column.to_pylist(),
    ("pyarrow", "ChunkedArray"): lambda column: column.to_pylist(),
    ("numpy", "ndarray"): lambda array: array.tolist(),
    ("builtins", "list"): list,
    ("builtins", "tuple"): list,
}


def check_rows(name: str, whole: Any, parts: Sequence[Any]) -> bool:
    """Reject a cell whose values over parts have other rows than that over the whole.

    Parameters
    ----------
    name : str
        The name of the parts in the message.
    whole : object
        The value of the cell over some rows.
    parts : sequence of object
        Its values over parts of them.

    Returns
    -------
    bool
        Whether the joined rows are in the order of those over the whole, as far as
        they can be compared.

    Raises
    ------
    ReduceError
        If they are other rows, in whatever order.
    NotRehearsedError
        If they cannot be compared.
    """
    wanted = _list_columns(whole)
    given = [_list_columns(part) for part in parts]
    known = [columns for columns in given if columns is not None]
    if wanted is None or len(known) < len(given):
        why = f"values of type {type(whole).__name__} cannot be compared"
        raise NotRehearsedError(why)
    check_count(name, len(whole), sum(map(len, parts)))
    tolerance = tolerance_of(whole)
    are_in_order = True
    names = list({each: None for columns in (wanted, *known) for each in columns})
    for column in names[:: len(names) // _MOST_COLUMNS + 1]:
        joined: list[Any] = []
        for columns, part in zip(known, parts, strict=True):
            joined += columns[column]() if column in columns else [None] * len(part)
        items = wanted[column]() if column in wanted else [None] * len(whole)
        if _are_in_order(items, joined, tolerance):
            continue
        are_in_order = False
        pair = _find_difference(items, joined, tolerance)
        if pair is not None:
            place = f" in {column}" if column else ""
            raise ReduceError(_explain(name, f"{pair[1]} instead of {pair[0]}{place}"))
    return are_in_order


def check_count(name: str, wanted: int, joined: int) -> None:
    """Reject a cell whose values over parts have another number of rows.

    Raises
    ------
    ReduceError
        If they do.
    """
    if wanted != joined:
        raise ReduceError(_explain(name, f"{joined:,} rows instead of {wanted:,}"))


def _explain(name: str, found: str) -> str:
    return (
        f"run on {name} separately, the cell returns different rows than on all of "
        f"them together ({found}), so its rows depend on the other rows of the chunk; "
        "compute shared values in an earlier run, or add --no-rehearsal to join the "
        "values of the chunks as they are"
    )


def _list_columns(value: Any) -> dict[str, Callable[[], list[Any]]] | None:
    """Return the functions that read the columns; None for other values."""
    for home, read in _TABLES.items():
        kind = find_loaded(*home)
        if kind is not None and isinstance(value, kind):
            return {
                str(name): partial(read, value, place)
                for place, name in enumerate(list_names(value) or ())
            }
    for home, list_items in _COLUMNS.items():
        kind = find_loaded(*home)
        if kind is not None and isinstance(value, kind) and _has_items(value):
            return {"": partial(list_items, value)}
    return None


def _has_items(value: Any) -> bool:
    """Return whether a value has a length, unlike a numpy array without an axis."""
    return bool(getattr(value, "shape", True))


def _find_difference(
    wanted: list[Any], joined: list[Any], tolerance: float
) -> tuple[str, str] | None:
    """Return the first items that differ when sorted, as text; None if none do."""
    numbers, others = _sort(wanted)
    joined_numbers, joined_others = _sort(joined)
    if len(numbers) != len(joined_numbers):
        return f"{len(numbers):,} numbers", f"{len(joined_numbers):,} numbers"
    most = tolerance * max((abs(number) for number in numbers), default=0)
    for one, other in zip(numbers, joined_numbers, strict=True):
        if abs(one - other) > most:
            return f"{one:.6g}", f"{other:.6g}"
    pairs = zip(others, joined_others, strict=True)
    return next((pair for pair in pairs if pair[0] != pair[1]), None)


def _are_in_order(wanted: list[Any], joined: list[Any], tolerance: float) -> bool:
    """Return whether items are equal one by one."""
    return all(
        one is other or _are_close(one, other, tolerance) or str(one) == str(other)
        for one, other in zip(wanted, joined, strict=True)
    )


def _are_close(one: Any, other: Any, tolerance: float) -> bool:
    if type(one) in (int, float) and type(other) in (int, float):
        return math.isclose(one, other, rel_tol=tolerance)
    # Equal intervals and decimals may be written differently. Missing values and arrays
    # have no plain comparison.
    return type(one) is type(other) and (one == other) is True


def _sort(items: list[Any]) -> tuple[list[float], list[str]]:
    """Return the numbers, and all other items as text, sorted."""
    are_numbers = [type(item) in (int, float) and math.isfinite(item) for item in items]
    numbers = [n for n, is_one in zip(items, are_numbers, strict=True) if is_one]
    others = [
        str(i) for i, is_one in zip(items, are_numbers, strict=True) if not is_one
    ]
    return sorted(numbers), sorted(others)
