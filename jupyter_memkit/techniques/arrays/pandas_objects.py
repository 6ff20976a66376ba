"""Converts columns of Python objects in pandas frames to typed columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.sizes.identity import find_identical
from jupyter_memkit.techniques.arrays.exact_dtypes import find_smaller
from jupyter_memkit.techniques.arrays.exact_values import pack_values, read_kinds
from jupyter_memkit.techniques.arrays.leaves import BLOCK
from jupyter_memkit.techniques.arrays.pandas_series import wrap
from jupyter_memkit.techniques.arrays.pandas_texts import shrink_texts
from jupyter_memkit.techniques.arrays.policy import Change, Policy
from jupyter_memkit.techniques.arrays.times import check_folds
from jupyter_memkit.techniques.arrays.type_names import name_plain
from jupyter_memkit.techniques.progress import Tick

_NULLABLE = {bool: "boolean", int: "Int64", float: "Float64"}


def unbox(column: Any, policy: Policy, tick: Tick | None = None) -> Change:
    """Convert a column of objects of one type to a typed column.

    Missing values become those of the smaller dtype if they are all the same: ``None``
    among integers becomes ``pandas.NA``.

    Parameters
    ----------
    column : pandas.Series
        A column of dtype object.
    policy : Policy
        What may be done.
    tick : callable, optional
        Called with the number of values processed since the last call.

    Returns
    -------
    Change
        The change; its result is the column itself if no dtype holds its objects.

    Examples
    --------
    >>> import pandas as pd
    >>> unbox(pd.Series([1, None, 3], dtype=object), Policy()).result.dtype
    Int8Dtype()
    """
    import pandas as pd  # noqa: PLC0415 - the column is pandas'

    # By address, because hashing a class can run code of its metaclass.
    kinds: dict[int, type] = {}
    markers: dict[int, Any] = {}
    for block in _read(column):
        kinds |= read_kinds(block)
        if tick is not None:
            tick(len(block))
    for each in (None, pd.NA, pd.NaT):
        if kinds.pop(id(type(each)), None) is not None:
            markers[id(type(each))] = each
    if id(float) in kinds and len(kinds) == 2 and _are_nan(column):
        del kinds[id(float)]
        markers[id(float)] = float("nan")
    if len(kinds) != 1 or len(markers) > 1:
        found = [*kinds.values(), *map(type, markers.values())]
        return Change(result=column, note=_describe(found))
    (kind,) = kinds.values()
    restore = partial(_restore, markers, is_plain=kind is dt.datetime)
    if kind is str:
        return shrink_texts(column, policy, restore, tick)
    try:
        smaller = _convert(column, kind, has_missing=bool(markers))
    except (MemkitError, ValueError, TypeError, OverflowError) as error:
        # The remedy is for users who asked for an array.
        return Change(result=column, note=f"unchanged: {str(error).partition(';')[0]}")
    if smaller is None:
        note = f"unchanged: holds {name_plain(kind)} objects"
        return Change(result=column, note=note)
    return Change(result=smaller, restore=restore)


def _convert(column: Any, kind: type, *, has_missing: bool) -> Any:
    """Return the typed column; None if no dtype holds the values."""
    import pandas as pd  # noqa: PLC0415 - as above

    if kind is dt.datetime or kind is pd.Timestamp:
        for block in _read(column):
            check_folds(block)
        times = pd.to_datetime(column)
        return wrap(times.array, column) if _is_equal(times, column) else None
    nullable_name = find_identical(kind, _NULLABLE)
    if nullable_name is None:
        return None
    if not has_missing:
        packed = pack_values(lambda: _read(column), len(column))
        return wrap(packed.astype(find_smaller(packed), copy=False), column)
    if kind is float and _has_nan(column):
        message = "holds both NaN and missing values"
        raise ValueError(message)
    nullable = column.astype(nullable_name)
    if kind is bool:
        return nullable
    filled = nullable.to_numpy(dtype=nullable.dtype.numpy_dtype, na_value=0)
    dtype = find_smaller(filled)
    name = {"i": "Int", "u": "UInt", "f": "Float"}[dtype.kind]
    return nullable.astype(f"{name}{dtype.itemsize * 8}")


def _read(column: Any) -> Iterator[list[Any]]:
    values = column.to_numpy()
    for start in range(0, len(values), BLOCK):
        yield list(values[start : start + BLOCK])


def _are_nan(column: Any) -> bool:
    """Return whether all floats are NaN, and therefore mark missing values."""
    return all(
        each != each  # noqa: PLR0124 - NaN
        for block in _read(column)
        for each in block
        if type(each) is float
    )


def _has_nan(column: Any) -> bool:
    return any(
        type(each) is float and each != each  # noqa: PLR0124 - NaN
        for block in _read(column)
        for each in block
    )


def _is_equal(times: Any, column: Any) -> bool:
    if times.dtype == object:
        return False
    boxed = times.astype(object)
    same = boxed.eq(column) | (times.isna() & column.isna())
    # Times of several zones can have one offset from UTC.
    return bool(same.all()) and all(map(_have_same_zone, boxed, column))


def _have_same_zone(one: Any, other: Any) -> bool:
    """Return whether two times, or missing values, have the same time zone."""
    zone, other_zone = (getattr(each, "tzinfo", None) for each in (one, other))
    if type(zone) is type(other_zone) is dt.timezone:
        # Parsing creates a zone for each time.
        return zone == other_zone and str(zone) == str(other_zone)
    return zone is other_zone


def _restore(markers: dict[int, Any], now: Any, *, is_plain: bool) -> Any:
    """Return the objects of a column, with their missing values.

    Parameters
    ----------
    markers : dict of int to object
        The missing values, by the addresses of their types.
    now : pandas.Series
        The smaller column.
    is_plain : bool
        Whether times were Python's, and not pandas'.
    """
    values = now.astype(object).to_numpy().copy()
    is_missing = now.isna().to_numpy()
    if is_plain:
        for place in (~is_missing).nonzero()[0]:
            values[place] = values[place].to_pydatetime()
    for marker in markers.values():
        values[is_missing] = marker
    return wrap(values, now, dtype=object)


def _describe(kinds: list[type]) -> str:
    names = sorted(map(name_plain, kinds))
    if not names:
        return ""
    return f"unchanged: holds {' and '.join(names[:4])}"
