"""Gives the categoricals of several chunks the same categories.

pandas joins categoricals with different categories into text or objects, and drops
their order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from jupyter_memkit.techniques.chunked.columns import has_columns


def share_categories(parts: list[Any]) -> list[Any]:
    """Return pandas frames or series whose categoricals have the same categories.

    They are those of the whole, as its readers find them: in order of appearance, or
    sorted, as ``astype("category")`` sorts them. The parts themselves do not change.
    """
    parts = _share_in_indexes(parts)
    if has_columns(parts[0]):
        return _share_in_columns(parts)
    return _share([part.dtype for part in parts], parts, _cast)


def _share_in_columns(parts: list[Any]) -> list[Any]:
    first = parts[0]
    if not all(part.columns.is_unique for part in parts):
        return parts
    for name, dtype in first.dtypes.items():
        if dtype == "category" and all(name in part for part in parts):
            dtypes = [part.dtypes[name] for part in parts]
            parts = _share(dtypes, parts, _replacing_column(name))
    return parts


def _share_in_indexes(parts: list[Any]) -> list[Any]:
    n_levels = {part.index.nlevels for part in parts}
    if n_levels == {1}:
        return _share([part.index.dtype for part in parts], parts, _cast_index)
    if len(n_levels) == 1:
        for number in range(n_levels.pop()):
            dtypes = [part.index.levels[number].dtype for part in parts]
            parts = _share(dtypes, parts, _replacing_level(number))
    return parts


def _share(
    dtypes: list[Any], parts: list[Any], replace: Callable[[Any, Any], Any]
) -> list[Any]:
    """Replace the categoricals of these types in all parts, if they differ."""
    shared = unite_categories(dtypes)
    if shared is None:
        return parts
    return [
        part if dtype == shared else replace(part, shared)
        for part, dtype in zip(parts, dtypes, strict=True)
    ]


def unite_categories(dtypes: list[Any]) -> Any:
    """Return the type with the categories of all; None if not all are categories."""
    if any(dtype != "category" for dtype in dtypes):
        return None
    if len({dtype.ordered for dtype in dtypes}) > 1:
        return None
    first = dtypes[0]
    united, are_sorted = first.categories, not first.ordered
    for dtype in dtypes:
        united = append_categories(united, dtype.categories)
        are_sorted = are_sorted and dtype.categories.is_monotonic_increasing
    if are_sorted:
        with suppress(TypeError):  # Of different types.
            united = united.sort_values()
    return sys.modules["pandas"].CategoricalDtype(united, first.ordered)


def append_categories(known: Any, more: Any) -> Any:
    """Return categories with those of more that are new, in a type that holds both."""
    if not len(known) or not len(more):  # The type of none says nothing.
        return known if len(known) else more
    return known.append(more.difference(known, sort=False))


def _cast(part: Any, dtype: Any) -> Any:
    return part.astype(dtype)


def _cast_index(part: Any, dtype: Any) -> Any:
    return part.set_axis(part.index.astype(dtype))


def _replacing_column(name: Any) -> Callable[[Any, Any], Any]:
    def replace(part: Any, dtype: Any) -> Any:
        part = part.copy(deep=False)
        part[name] = part[name].astype(dtype)
        return part

    return replace


def _replacing_level(number: int) -> Callable[[Any, Any], Any]:
    def replace(part: Any, dtype: Any) -> Any:
        index = part.index
        levels = [index.get_level_values(place) for place in range(index.nlevels)]
        levels[number] = levels[number].astype(dtype)
        return part.set_axis(
            sys.modules["pandas"].MultiIndex.from_arrays(levels, names=index.names)
        )

    return replace
