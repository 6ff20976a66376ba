"""The kinds of values that pandas and numpy compute from columns."""

from __future__ import annotations

import ast

from jupyter_memkit.cells.columns.cell import ABSENT
from jupyter_memkit.cells.columns.follow import Follower
from jupyter_memkit.cells.columns.kinds import COMPUTED, Kind
from jupyter_memkit.measure.sizes.loaded import find_loaded

# Accessors, and their attributes with one value per row.
_ACCESSORS = frozenset({"str", "dt", "cat"})
_FIELDS = frozenset(
    {
        *("codes", "date", "day", "day_of_week", "day_of_year", "dayofweek"),
        *("dayofyear", "days", "days_in_month", "hour", "is_month_end"),
        *("is_month_start", "minute", "month", "quarter", "second", "seconds"),
        *("time", "weekday", "year"),
    }
)
_PLAIN = frozenset({"array", "dtype", "index", "is_unique", "size", "shape", "values"})

# Methods of series and their accessors that return one value per row.
_ELEMENTWISE = frozenset(
    {
        *("abs", "add", "astype", "between", "bfill", "capitalize", "ceil", "clip"),
        *("combine_first", "contains", "copy", "cummax", "cummin", "cumsum"),
        *("day_name", "diff", "div", "duplicated", "endswith", "eq", "extract"),
        *("ffill", "fillna", "floor", "floordiv", "fullmatch", "ge", "gt", "isdigit"),
        *("isin", "isna", "isnull", "le", "len", "lower", "lt", "map", "mask"),
        *("match", "mod", "month_name", "mul", "ne", "normalize", "notna", "notnull"),
        *("pow", "rank", "replace", "round", "shift", "slice", "startswith", "strip"),
        *("sub", "title", "to_period", "total_seconds", "truediv", "upper", "where"),
        *("zfill",),
    }
)
# Methods that return whatever a function of the user returns.
_OPEN = frozenset({"agg", "aggregate", "pipe", "apply", "transform", "reduce"})

_PANDAS = (
    "cut",
    "isna",
    "isnull",
    "notna",
    "notnull",
    "qcut",
    "to_datetime",
    "to_numeric",
)
_NUMPY = ("clip", "isin", "round", "select", "where")


def computed(name: str, *, is_called: bool) -> Kind:
    """Return the kind of an attribute or a method's result of a series."""
    if is_called:
        if name in _ELEMENTWISE:
            return Kind.SERIES
        return Kind.OTHER if name in _OPEN else Kind.DATA
    if name in _ACCESSORS | _FIELDS:
        return Kind.SERIES
    return Kind.DATA if name in _PLAIN else Kind.OTHER


def elementwise_function(follower: Follower, node: ast.Call) -> Kind:
    """Return the kind of a numpy or pandas function's result."""
    function = follower.cell.resolve(node.func)
    if function is ABSENT or function is None or not node.args:
        return Kind.OTHER
    kinds = [follower.plain(each) for each in node.args]
    if any(function is find_loaded("pandas", name) for name in _PANDAS):
        return Kind.SERIES if kinds[0] is Kind.SERIES else Kind.OTHER
    if type(function) is find_loaded("numpy", "ufunc"):
        is_series = Kind.SERIES in kinds and set(kinds) <= COMPUTED
        return Kind.SERIES if is_series else Kind.OTHER
    if any(function is find_loaded("numpy", name) for name in _NUMPY):
        return Kind.DATA
    return Kind.OTHER
