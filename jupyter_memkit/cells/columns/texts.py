"""Finds whether a value that the cell computes can be a string.

polars takes a string as the name of a column, or as a pattern for several of them.
"""

from __future__ import annotations

import ast

from jupyter_memkit.cells.columns.cell import Cell
from jupyter_memkit.cells.columns.kinds import is_scalar


def is_certainly_no_text(
    cell: Cell, node: ast.expr, under_way: frozenset[str] = frozenset()
) -> bool:
    """Return whether an expression is neither a text nor a collection with one.

    Parameters
    ----------
    cell : Cell
        The code.
    node : ast.expr
        The expression.
    under_way : frozenset of str
        Variables that are being followed; another value of theirs decides.

    Examples
    --------
    >>> cell = Cell(ast.parse("x = 2 * len(df)"), "df", {})
    >>> is_certainly_no_text(cell, ast.Name("x", ast.Load()))
    True
    """
    match node:
        case ast.Constant(value=value):
            return not isinstance(value, str)
        case ast.Name(id=name):
            return name in under_way or _has_no_text(cell, name, under_way | {name})
        case ast.Attribute(value=ast.Name(id=owner), attr="height"):
            return owner == cell.name
        case ast.Call(func=ast.Name() as function):
            return cell.resolve(function) is len
        case ast.UnaryOp():
            parts = [node.operand]
        case ast.BinOp():
            parts = [node.left, node.right]
        case ast.List() | ast.Tuple() | ast.Set():
            parts = node.elts
        case _:
            return isinstance(node, ast.Compare)
    return all(is_certainly_no_text(cell, part, under_way) for part in parts)


def _has_no_text(cell: Cell, name: str, under_way: frozenset[str]) -> bool:
    """Return whether none of a variable's values, here and before, is a text."""
    bindings = cell.bindings.get(name, [])
    if name in cell.namespace:
        value = cell.namespace[name]
        if not is_scalar(value) or isinstance(value, str):
            return False
    elif not bindings:
        return False
    return all(
        binding.value is not None
        and is_certainly_no_text(cell, binding.value, under_way)
        for binding in bindings
    )
