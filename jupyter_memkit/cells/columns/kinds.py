"""What an expression in a cell can be, as far as it matters for the chunk's columns."""

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
    """The chunk is used in a form that is not modelled: all columns are needed."""


class Kind(Enum):
    """What the value of an expression is known to be."""

    # The chunk, or rows of it with all its columns.
    FRAME = "frame"
    # The chunk in groups.
    GROUPS = "groups"
    # Several columns of the chunk in groups.
    PICKED_GROUPS = "picked groups"
    # One value a row, made of columns that are known.
    SERIES = "series"
    # A value made of columns that are known, or a constant: it cannot be called.
    DATA = "data"
    # Anything that does not hold the chunk.
    OTHER = "other"


# Those through which columns could be reached that are not known.
HOLDERS = frozenset({Kind.FRAME, Kind.GROUPS, Kind.PICKED_GROUPS})
COMPUTED = frozenset({Kind.SERIES, Kind.DATA})

# From the most that can be known of a variable to the least.
_ORDER = (Kind.SERIES, Kind.DATA, Kind.OTHER)

_SCALARS = (
    *(str, int, float, bool, complex, bytes, type(None)),
    *(dt.datetime, dt.date, dt.time, dt.timedelta),
    decimal.Decimal,
)
_COLLECTIONS = (list, tuple, set, frozenset)
# Longer ones are not looked through.
_MOST_ELEMENTS = 100_000


def join(one: Kind, other: Kind) -> Kind:
    """Return what an operation gives element by element."""
    if Kind.SERIES in {one, other}:
        return Kind.SERIES
    return Kind.DATA if one is other is Kind.DATA else Kind.OTHER


def weaker(one: Kind, other: Kind) -> Kind:
    """Return what a variable is that can be either.

    Raises
    ------
    EscapeError
        When it would hold the chunk.
    """
    if other in HOLDERS:
        raise EscapeError
    return max(one, other, key=_ORDER.index)


def kind_of_value(value: Any) -> Kind:
    """Return what a variable of the user's holds, by its type alone."""
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
    """Tell whether a value is one of Python's or numpy's plain ones."""
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
        When some are unpacked from a mapping.
    """
    if any(item.arg is None for item in node.keywords):
        raise EscapeError
    return {str(item.arg): item.value for item in node.keywords}


def has_only(node: ast.Call, positional: int, names: frozenset[str]) -> bool:
    """Tell whether a call has no other arguments than these."""
    return (
        len(node.args) <= positional
        and not any(isinstance(each, ast.Starred) for each in node.args)
        and keywords(node).keys() <= names
    )


def is_true(node: ast.expr | None) -> bool:
    """Tell whether an expression is the constant True."""
    return isinstance(node, ast.Constant) and node.value is True
