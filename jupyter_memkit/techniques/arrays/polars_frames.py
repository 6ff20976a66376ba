"""Shrinks the columns of polars frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.techniques.arrays.exact_dtypes import find_smaller
from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.records import Part
from jupyter_memkit.techniques.progress import Tick

# Categories behave differently from strings in places, so they must save much.
_CATEGORY_GAIN = 2
# Polars adds integers of up to 16 bits as 64 bits, but those of 32 bits as 32 bits.
_WIDENED_BITS = 16
_WOULD_OVERFLOW = "unchanged: polars adds 32-bit integers without widening them"


def shrink_polars(
    value: Any, policy: Policy, tick: Tick | None = None
) -> tuple[Any, tuple[Part, ...]]:
    """Return a frame or Series with the same values in smaller columns.

    Integers that need 32 bits are kept, because their sums would overflow in polars.

    Parameters
    ----------
    value : polars.DataFrame or polars.Series
        It is not changed.
    policy : Policy
        What may be done.
    tick : callable, optional
        Called with the number of values processed since the last call.

    Returns
    -------
    value : polars.DataFrame or polars.Series
        The result; the value itself if nothing is smaller.
    parts : tuple of Part
        The result for each column.

    Examples
    --------
    >>> import polars
    >>> shrink_polars(polars.Series([1, None]), Policy())[0].dtype
    Int8
    """
    import polars as pl  # noqa: PLC0415 - the value is polars'

    columns = [value] if isinstance(value, pl.Series) else value.get_columns()
    smaller, parts = [], []
    for column in columns:
        after, note = _shrink_column(column, policy)
        smaller.append(after)
        parts.append(_describe(column, after, note))
        if tick is not None:
            tick(len(column))
    if all(after is column for after, column in zip(smaller, columns, strict=True)):
        return value, tuple(parts)
    if isinstance(value, pl.Series):
        return smaller[0], tuple(parts)
    return value.with_columns(smaller), tuple(parts)


def restore_polars(value: Any) -> Callable[[Any], Any]:
    """Return a function that restores a smaller frame or Series.

    Parameters
    ----------
    value : polars.DataFrame or polars.Series
        The original; only its dtypes are kept.

    Examples
    --------
    >>> import polars
    >>> before = polars.Series([1, None])
    >>> restore_polars(before)(shrink_polars(before, Policy())[0]).dtype
    Int64
    """
    dtypes = value.schema if hasattr(value, "schema") else value.dtype
    return lambda now: now.cast(dtypes)


def _shrink_column(column: Any, policy: Policy) -> tuple[Any, str]:
    """Return a column or a smaller one, and why it is kept."""
    import polars as pl  # noqa: PLC0415 - as above

    dtype = column.dtype
    if dtype.is_integer() and dtype not in (pl.Int128, getattr(pl, "UInt128", None)):
        return _shrink_integers(column)
    if dtype == pl.Float64:
        values = column.drop_nulls().to_numpy()
        if values.size and find_smaller(values).itemsize == 4:
            return column.cast(pl.Float32), ""
    if policy.categories and dtype == pl.String:
        categories = column.cast(pl.Categorical)
        if sizeof(categories).bytes * _CATEGORY_GAIN <= sizeof(column).bytes:
            return categories, ""
    return column, ""


def _shrink_integers(column: Any) -> tuple[Any, str]:
    import numpy as np  # noqa: PLC0415 - comes with this package
    import polars as pl  # noqa: PLC0415 - as above

    ends = [column.min(), column.max()]
    if ends[0] is None:
        return column, ""
    signed = column.dtype.is_signed_integer()
    smaller = find_smaller(np.array(ends, "i8" if signed else "u8"))
    name = {"i": "Int", "u": "UInt"}[smaller.kind] + str(smaller.itemsize * 8)
    dtype = getattr(pl, name)
    if dtype == column.dtype:
        return column, ""
    if smaller.itemsize * 8 > _WIDENED_BITS:
        return column, _WOULD_OVERFLOW
    return column.cast(dtype), ""


def _describe(before: Any, after: Any, note: str) -> Part:
    return Part(
        label=before.name,
        before_dtype=str(before.dtype),
        after_dtype=str(after.dtype),
        before_bytes=sizeof(before).bytes,
        after_bytes=sizeof(after).bytes,
        note=note,
    )
