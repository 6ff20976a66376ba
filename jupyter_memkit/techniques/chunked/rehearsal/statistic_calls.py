"""Reads which statistic a call computes, and of what."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The partial statistics by the names of the pandas methods.
STATISTICS = {
    **{name: repr(name) for name in ("mean", "std", "var", "sem", "nunique", "first")},
    **{name: repr(name) for name in ("last", "min", "max", "sum", "count")},
    "median": "('approx_quantile', 0.5)",
    "mode": "('top', 1)",
    "n_unique": "('nunique', False)",  # Of polars, which counts a missing value too.
}
_OF_NUMPY = {
    **dict.fromkeys(("mean", "nanmean"), "'mean'"),
    **dict.fromkeys(("std", "nanstd"), "('std', 0)"),
    **dict.fromkeys(("var", "nanvar"), "('var', 0)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticCall:
    """A call of a statistic, as its code shows it.

    Attributes
    ----------
    place : ast.expr
        What it is called on.
    columns : mapping of str to str
        The statistics as code by the name of the result; "" is each column of the
        place.
    is_of_numbers : bool
        Whether it is of all columns of numbers.
    needs_groups : bool
        Whether the value has this form with groups only.
    """

    place: ast.expr
    columns: Mapping[str, str]
    is_of_numbers: bool = False
    needs_groups: bool = False


def read_call(node: ast.Call, namespace: Mapping[str, Any]) -> StatisticCall | None:
    """Return the statistic of a call; None if it is not one that combines.

    Parameters
    ----------
    node : ast.Call
        The call.
    namespace : mapping
        The user's variables, among which are modules.
    """
    return _read_function(node, namespace) or _read_method(node)


def _read_function(
    node: ast.Call, namespace: Mapping[str, Any]
) -> StatisticCall | None:
    """Read a numpy function, such as np.mean(chunk.price)."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=module), attr=name),
            args=[place],
            keywords=[],
        ) if name in _OF_NUMPY and namespace.get(module) is sys.modules.get("numpy"):
            return StatisticCall(place=place, columns={"": _OF_NUMPY[name]})
    return None


def _read_method(node: ast.Call) -> StatisticCall | None:
    """Read a method of a column, a frame or its groups."""
    match node:
        case ast.Call(func=ast.Attribute(value=place, attr=name)):
            pass
        case _:
            return None
    if name in {"agg", "aggregate"}:
        if node.keywords and not node.args:
            columns = _read_named(node.keywords)
        else:
            is_one = len(node.args) == 1 and not node.keywords
            columns = _read_agg(node.args[0]) if is_one else None
        if columns is None:
            return None
        return StatisticCall(
            place=place, columns=columns, needs_groups=bool(node.keywords)
        )
    options = {each.arg: read_constant(each.value) for each in node.keywords}
    numbers = options.pop("numeric_only", None)
    statistic = _read_statistic(name, node.args, options)
    if statistic is None or numbers not in {None, True}:
        return None
    return StatisticCall(
        place=place, columns={"": statistic}, is_of_numbers=bool(numbers)
    )


def _read_statistic(
    name: str, arguments: list[ast.expr], options: Mapping[str | None, Any]
) -> str | None:
    """Return the partial statistic of a method with these arguments."""
    match name, [read_constant(each) for each in arguments], dict(options):
        case "quantile", [float() | int() as q], {**rest} if not rest:
            return f"('approx_quantile', {q!r})"
        case "nlargest", [int(most)], {**rest} if not rest:
            return f"('largest', {most})"
        case "std" | "var" | "sem", [], {"ddof": int(ddof), **rest} if not rest:
            return f"({name!r}, {ddof})"
        case "nunique", [], {"dropna": False, **rest} if not rest:
            return STATISTICS["n_unique"]
        case _, [], {**rest} if not rest:
            return STATISTICS.get(name)
    return None


def _read_named(keywords: list[ast.keyword]) -> dict[str, str] | None:
    """Read named statistics, such as agg(high=('price', 'max'))."""
    columns: dict[str, str] = {}
    for each in keywords:
        match each:
            case ast.keyword(
                arg=str(name),
                value=ast.Tuple(
                    elts=[
                        ast.Constant(value=str(column)),
                        ast.Constant(value=str(how)),
                    ]
                ),
            ) if how in STATISTICS:
                columns[name] = f"({column!r}, {STATISTICS[how]})"
            case _:
                return None
    return columns


def _read_agg(node: ast.expr) -> dict[str, str] | None:
    match node:
        case ast.Constant(value=str(name)) if name in STATISTICS:
            return {"": STATISTICS[name]}
        case ast.List(elts=items):
            read = [_read_agg(item) for item in items]
            if any(each is None for each in read):
                return None
            return {"": f"[{', '.join(each[''] for each in read if each)}]"}
        case ast.Dict():
            columns: dict[str, str] = {}
            for key, value in zip(node.keys, node.values, strict=True):
                read_value = _read_agg(value)
                if not isinstance(key, ast.Constant) or read_value is None:
                    return None
                columns[str(key.value)] = read_value.get("", "")
            return columns if all(columns.values()) else None
    return None


def read_constant(node: Any) -> Any:
    """Return the value of a constant; None for another expression."""
    return node.value if isinstance(node, ast.Constant) else None
