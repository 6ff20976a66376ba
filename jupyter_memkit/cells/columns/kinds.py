"""The kinds of values of a cell's expressions, as far as they matter for columns."""

from __future__ import annotations

import ast
import datetime as dt
import decimal
from collections.abc import Iterator
from enum import Enum
from typing import Any

from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import find_loaded


class EscapeError(Exception):
    """The chunk is used in a form that is not modelled, so all columns are needed."""


class Kind(Enum):
    """The kind of an expression's value."""

    # The chunk, or rows of it with all columns.
    FRAME = "frame"
    # The grouped chunk.
    GROUPS = "groups"
    # Several columns of the grouped chunk.
    PICKED_GROUPS = "picked groups"
    # One value per row, computed from known columns.
    SERIES = "series"
    # A value computed from known columns, or a constant; it cannot be called.
    DATA = "data"
    # Anything that does not hold the chunk.
    OTHER = "other"


# Kinds that give access to unknown columns.
HOLDERS = frozenset({Kind.FRAME, Kind.GROUPS, Kind.PICKED_GROUPS})
COMPUTED = frozenset({Kind.SERIES, Kind.DATA})

# From the most specific kind of a variable to the least.
_ORDER = (Kind.SERIES, Kind.DATA, Kind.OTHER)

_SCALARS = (
    *(str, int, float, bool, complex, bytes, type(None)),
    *(dt.datetime, dt.date, dt.time, dt.timedelta),
    decimal.Decimal,
)
_COLLECTIONS = (list, tuple, set, frozenset)
# Longer ones are not checked.
_MOST_ELEMENTS = 100_000


def join(one: Kind, other: Kind) -> Kind:
    """Return the kind of the result of an elementwise operation."""
    if Kind.SERIES in {one, other}:
        return Kind.SERIES
    return Kind.DATA if one is other is Kind.DATA else Kind.OTHER


def weaker(one: Kind, other: Kind) -> Kind:
    """Return the kind of a variable that can have either kind.

    Raises
    ------
    EscapeError
        If it would hold the chunk.
    """
    if other in HOLDERS:
        raise EscapeError
    return max(one, other, key=_ORDER.index)


def kind_of_value(value: Any) -> Kind:
    """Return the kind of a user's variable, only by its type."""
    kind = type(value)
    if kind is find_loaded("pandas", "Series") or kind is find_loaded(
        "polars", "Series"
    ):
        return Kind.SERIES
    if is_scalar(value) or kind is find_loaded("numpy", "ndarray"):
        return Kind.DATA
    if contains_identical(_COLLECTIONS, kind) and len(value) <= _MOST_ELEMENTS:
        return Kind.DATA if all(map(is_scalar, list(value))) else Kind.OTHER
    return Kind.OTHER


def is_scalar(value: Any) -> bool:
    """Return whether a value is a plain scalar of Python or numpy."""
    kind = type(value)
    if contains_identical(_SCALARS, kind):
        return True
    generic = find_loaded("numpy", "generic")
    return generic is not None and generic in type.mro(kind)


def arguments(node: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments of a call, positional and by keyword."""
    yield from node.args
    for keyword in node.keywords:
        yield keyword.value


def keywords(node: ast.Call) -> dict[str, ast.expr]:
    """Return the arguments by keyword.

    Raises
    ------
    EscapeError
        If some are unpacked from a mapping.
    """
    if any(item.arg is None for item in node.keywords):
        raise EscapeError
    return {str(item.arg): item.value for item in node.keywords}


def has_only(node: ast.Call, positional: int, names: frozenset[str]) -> bool:
    """Return whether a call has no arguments other than these."""
    return (
        len(node.args) <= positional
        and not any(isinstance(each, ast.Starred) for each in node.args)
        and keywords(node).keys() <= names
    )


def is_true(node: ast.expr | None) -> bool:
    """Return whether an expression is the constant True."""
    return isinstance(node, ast.Constant) and node.value is True
