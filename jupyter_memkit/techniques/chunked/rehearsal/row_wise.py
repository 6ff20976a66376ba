"""Finds out from code whether the value of a row depends on that row only."""

from __future__ import annotations

import ast
from collections.abc import Container

# Methods of a column whose values depend on the same row only.
_METHODS = frozenset(
    {
        *("abs", "astype", "between", "col", "contains", "day_name", "endswith", "eq"),
        *("fillna", "floor", "ge", "gt", "is_in", "is_not_null", "is_null", "isin"),
        *("isna", "isnull", "le", "lower", "lt", "ne", "normalize", "notna"),
        *("notnull", "round", "startswith", "strip", "to_period", "upper"),
    }
)
# Of a whole column, these would choose or count its rows.
_METHODS_OF_TEXT = frozenset({"get", "head", "len", "slice"})
_ACCESSORS = frozenset({"dt", "str"})

_PLAIN = (
    *(ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Slice, ast.keyword),
    *(ast.Compare, ast.BinOp, ast.UnaryOp, ast.Attribute, ast.expr_context),
    *(ast.operator, ast.unaryop, ast.cmpop),
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
    """
    return all(_is_allowed(each, local) for each in ast.walk(node))


def _is_allowed(node: ast.AST, local: Container[str]) -> bool:
    match node:
        case ast.Name(id=name):
            return name not in local
        case ast.Subscript(slice=ast.Constant(value=str())):
            return True
        case ast.Subscript(value=place):
            return _is_accessor(place)
        case ast.Call(func=ast.Attribute(value=place, attr=name)):
            is_of_text = name in _METHODS_OF_TEXT and _is_accessor(place)
            return name in _METHODS or is_of_text
    return isinstance(node, _PLAIN)


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
