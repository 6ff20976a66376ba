"""Flattens values to items by label, to compare values of different types."""

from __future__ import annotations

import math
import sys
from collections.abc import Hashable, Iterable, Mapping
from decimal import Decimal, getcontext
from typing import Any

from jupyter_memkit.cells.purity import is_scalar
from jupyter_memkit.techniques.chunked.results.missing import is_nan

# The relative difference between two ways to add up the same numbers, by float type.
_TOLERANCES = {"float16": 1e-2, "float32": 1e-4}
_TOLERANCE = 1e-6
# The last digits in which two sums of rounded decimals can differ.
_DECIMAL_DIGITS = 4

Flat = dict[tuple[Hashable, ...], Any]


def flatten(value: Any) -> Flat | None:  # noqa: PLR0911 - one for each type
    """Return the items of a value by their labels; None if its type has none.

    Examples
    --------
    >>> flatten({"a": 1, "b": [2, 3]})
    {('a',): 1, ('b', 0): 2, ('b', 1): 3}
    >>> flatten(2.5)
    {(): 2.5}
    """
    pandas = sys.modules.get("pandas")
    numpy = sys.modules.get("numpy")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        columns = [_label(name) for name in value.columns]
        return _merge(
            ((name,), _flatten_labelled(value.iloc[:, place]))
            for place, name in enumerate(columns)
        )
    if pandas is not None and isinstance(value, pandas.Series):
        return _flatten_labelled(value)
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _flatten_items(value.tolist()) if value.ndim else {(): value.item()}
    if isinstance(value, Mapping):
        return _merge(((_label(key),), flatten(item)) for key, item in value.items())
    if isinstance(value, (set, frozenset)):
        return {(label,): label for label in map(_label, value)}
    if isinstance(value, (list, tuple)):
        return _flatten_items(value)
    return {(): _unwrap(value)} if is_scalar(value) else None


def find_difference(
    first: Flat, second: Flat, *, tolerance: float, scales: Iterable[Flat], zero: Any
) -> tuple[Hashable, ...] | None:
    """Return the label of the first items that differ; None if all are equal.

    Parameters
    ----------
    first, second : dict
        The values, from `flatten`.
    tolerance : float
        How much floats may differ, relative to the largest of them.
    scales : iterable of dict
        Values that the two were made from, whose size counts too.
    zero : object
        The item for missing labels and NaN.
    """
    parts = list(scales)
    for label in {**first, **second}:
        one, other = first.get(label, zero), second.get(label, zero)
        one, other = (zero if is_missing(item) else item for item in (one, other))
        if one is other or _is_equal(one, other):
            continue
        if not (_is_number(one) and _is_number(other)) or (
            isinstance(one, int) and isinstance(other, int)
        ):
            return label
        known = [part.get(label, 0) for part in parts]
        scale = max(abs(item) for item in (one, other, *known) if _is_number(item))
        limit: Any = tolerance
        if isinstance(one, Decimal) or isinstance(other, Decimal):
            if isinstance(one, float) or isinstance(other, float):
                return label
            limit = Decimal(10) ** (_DECIMAL_DIGITS - getcontext().prec)
        # Written so that an infinite scale is a difference.
        if not abs(one - other) <= limit * scale or math.isinf(scale):
            return label
    return None


def tolerance_of(value: Any) -> float:
    """Return how much two sums of this value can differ, relatively."""
    dtypes = getattr(value, "dtypes", None)
    listed = [] if dtypes is None else list(getattr(dtypes, "values", [dtypes]))
    names = {
        str(getattr(value, "dtype", "")).lower(),
        *(str(d).lower() for d in listed),
    }
    return max([_TOLERANCE, *(_TOLERANCES.get(name, 0) for name in names)])


def _flatten_labelled(series: Any) -> Flat:
    flat: Flat = {}
    for label, item in zip(series.index.tolist(), series.tolist(), strict=True):
        key: tuple[Hashable, ...] = (_label(label),)
        while key in flat:
            # A repeated label.
            key = (*key, None)
        flat[key] = _unwrap(item) if isinstance(item, Hashable) else str(item)
    return flat


def _unwrap(item: Any) -> Any:
    """Return a numpy scalar as a Python value; others unchanged."""
    numpy = sys.modules.get("numpy")
    is_of_numpy = numpy is not None and isinstance(item, numpy.generic)
    return item.item() if is_of_numpy else item


def _flatten_items(items: Iterable[Any]) -> Flat | None:
    return _merge(((place,), flatten(item)) for place, item in enumerate(items))


def _merge(
    parts: Iterable[tuple[tuple[Hashable, ...], Flat | None]],
) -> Flat | None:
    merged: Flat = {}
    for prefix, flat in parts:
        if flat is None:
            return None
        merged.update({prefix + label: item for label, item in flat.items()})
    return merged


def _label(label: Any) -> Hashable:
    if isinstance(label, tuple):
        return tuple(map(_label, label))
    return None if is_missing(label) else label


def is_missing(item: Any) -> bool:
    """Return whether an item represents a missing value."""
    pandas = sys.modules.get("pandas")
    return (
        item is None
        or is_nan(item)
        or (pandas is not None and (item is pandas.NA or item is pandas.NaT))
    )


def is_amount(item: Any) -> bool:
    """Return whether an item is neither 0 nor missing."""
    return not is_missing(item) and bool(item != 0)


def _is_number(item: Any) -> bool:
    return isinstance(item, (int, float, complex, Decimal)) and not isinstance(
        item, bool
    )


def _is_equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except (TypeError, ValueError):
        return False
