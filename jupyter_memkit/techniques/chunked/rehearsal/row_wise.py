"""Finds out from code whether the value of a row depends on that row only."""

from __future__ import annotations

import ast
from collections.abc import Container

# Methods of a column whose values depend on the same row only.
_METHODS = frozenset(
    {
        *("abs", "astype", "between", "col", "contains", "day_name", "endswith", "eq"),
        *("fillna", "floor", "ge", "gt", "is_not_null", "is_null", "isna", "isnull"),
        *("le", "lower", "lt", "ne", "normalize", "notna", "notnull", "round"),
        *("startswith", "strip", "to_period", "upper"),
    }
)
# These look for a value among all of the argument's.
_MEMBERSHIP = frozenset({"is_in", "isin"})
# Others, such as limit, count rows.
_KEYWORDS = frozenset({"case", "decimals", "inclusive", "na", "pat", "regex", "value"})
# Of a whole column, these would choose or count its rows.
_METHODS_OF_TEXT = frozenset({"get", "head", "len", "slice"})
_ACCESSORS = frozenset({"dt", "str"})
# Attributes of an accessor, and not of a column as a whole, such as its size.
_FIELDS = frozenset(
    {
        *("date", "day", "day_of_week", "day_of_year", "dayofweek", "dayofyear"),
        *("days", "days_in_month", "hour", "is_month_end", "is_month_start"),
        *("microsecond", "minute", "month", "nanosecond", "quarter", "second"),
        *("seconds", "time", "weekday", "year"),
    }
)

_PLAIN = (
    *(ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Slice, ast.Compare, ast.BinOp),
    *(ast.UnaryOp, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop),
)


def is_row_wise(node: ast.expr, local: Container[str]) -> bool:
    """Return whether an expression is known to have a value for each row by itself.

    Parameters
    ----------
    node : ast.expr
        The expression.
    local : container of str
        The names that the cell sets, whose values may depend on all rows of a chunk.

    Examples
    --------
    >>> def check(code):
    ...     return is_row_wise(ast.parse(code, mode="eval").body, {"m"})
    >>> check("(chunk.q > 3) & chunk.t.str.startswith('a')"), check("chunk.t.str[0]")
    (True, True)
    >>> check("chunk.q > chunk.q.mean()"), check("chunk.q > m")
    (False, False)
    >>> check("chunk.q.isin([1, 2])"), check("chunk.q.isin(chunk.p)")
    (True, False)
    """
    return all(_is_allowed(each, local) for each in ast.walk(node))


def _is_allowed(node: ast.AST, local: Container[str]) -> bool:
    match node:
        case ast.Name(id=name):
            return name not in local
        case ast.Subscript(value=place, slice=key):
            is_column = isinstance(key, ast.Constant) and isinstance(key.value, str)
            return is_column or _is_accessor(place)
        case ast.Attribute():
            return _is_attribute_allowed(node)
        case ast.keyword(arg=name):
            return name in _KEYWORDS
        case ast.Call(func=ast.Attribute() as method, args=given):
            return _is_call_allowed(method, given)
    return isinstance(node, _PLAIN)


def _is_attribute_allowed(node: ast.Attribute) -> bool:
    """Return whether an attribute is a column, an accessor, a field or a method."""
    is_of_name = isinstance(node.value, ast.Name)
    is_field = node.attr in _FIELDS and _is_accessor(node.value)
    is_method = node.attr in _METHODS | _METHODS_OF_TEXT | _MEMBERSHIP
    return is_of_name or is_field or node.attr in _ACCESSORS or is_method


def _is_call_allowed(method: ast.Attribute, given: list[ast.expr]) -> bool:
    if method.attr in _MEMBERSHIP:
        return not any(map(_has_rows, given))
    is_of_text = method.attr in _METHODS_OF_TEXT and _is_accessor(method.value)
    return method.attr in _METHODS or is_of_text


def _has_rows(node: ast.expr) -> bool:
    """Return whether an expression is more than constants and variables."""
    return any(
        isinstance(part, (ast.Attribute, ast.Subscript, ast.Call))
        for part in ast.walk(node)
    )


def _is_accessor(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in _ACCESSORS


def is_rows(node: ast.expr, chunk_name: str, local: Container[str]) -> bool:
    """Return whether an expression is the chunk, or rows of it chosen one by one.

    Examples
    --------
    >>> def check(code):
    ...     return is_rows(ast.parse(code, mode="eval").body, "chunk", set())
    >>> check("chunk[chunk.q > 3].query('p < 2')"), check("chunk.head()")
    (True, False)
    """
    match node:
        case ast.Name(id=name):
            return name == chunk_name
        case ast.Call(
            func=ast.Attribute(value=place, attr="query"),
            args=[ast.Constant(value=str(text))],
            keywords=[],
        ):
            return "(" not in text and is_rows(place, chunk_name, local)
        case (
            ast.Subscript(value=ast.Attribute(value=place, attr="loc"), slice=mask)
            | ast.Subscript(value=place, slice=mask)
            | ast.Call(
                func=ast.Attribute(value=place, attr="filter"), args=[mask], keywords=[]
            )
        ):
            pass
        case _:
            return False
    is_mask = isinstance(mask, (ast.Compare, ast.BinOp, ast.UnaryOp, ast.Call))
    is_by_row = is_mask and is_row_wise(mask, local)
    return is_by_row and is_rows(place, chunk_name, local)
