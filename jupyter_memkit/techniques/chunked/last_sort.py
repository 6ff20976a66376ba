"""Finds the calls at the end of a cell that sort its value.

Values that are each sorted combine to one in no order, so the combined value is sorted
instead.
"""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet

# The name of the value in the expression that sorts it.
VALUE_NAME = "value"

_SORTING = frozenset({"sort_index", "sort_values"})
# What may follow without changing a value.
_LABELLING = frozenset({"rename", "rename_axis", "reset_index", "to_dict", "to_frame"})


def split_last_sort(node: ast.expr) -> tuple[ast.expr, ast.expr | None]:
    """Return an expression without the calls at its end that sort it, and these.

    Only calls whose arguments are constants, or functions of their own parameters, are
    found, because the names of a cell may have other values in each chunk.

    Parameters
    ----------
    node : ast.expr
        The expression.

    Returns
    -------
    tuple
        The expression of the value, and that of the sorted value, which reads
        `VALUE_NAME`; None if there is no such call.

    Examples
    --------
    >>> def split(code):
    ...     value, last = split_last_sort(ast.parse(code, mode="eval").body)
    ...     return ast.unparse(value), last and ast.unparse(last)
    >>> split("chunk.groupby('day').size().sort_values().rename('n')")
    ("chunk.groupby('day').size()", "value.sort_values().rename('n')")
    >>> split("chunk.groupby('day').sum().sort_values(by=names)")
    ("chunk.groupby('day').sum().sort_values(by=names)", None)
    """
    match node:
        case ast.Call(func=ast.Attribute(value=place, attr=name)) if (
            name in _SORTING | _LABELLING and _has_constants(node)
        ):
            value, before = split_last_sort(place)
        case _:
            return node, None
    if before is None and name not in _SORTING and not _counts_values(value):
        return node, None
    root = before or ast.copy_location(ast.Name(VALUE_NAME, ast.Load()), place)
    function = ast.copy_location(ast.Attribute(root, name, ast.Load()), node.func)
    return value, ast.copy_location(ast.Call(function, node.args, node.keywords), node)


def _counts_values(node: ast.expr) -> bool:
    """Return whether an expression is a call that sorts what it counts."""
    match node:
        case ast.Call(func=ast.Attribute(attr="value_counts")):
            return True
    return False


def _has_constants(call: ast.Call) -> bool:
    """Return whether a call has constant arguments, and returns a value."""
    names = {keyword.arg for keyword in call.keywords}
    arguments = (*call.args, *(keyword.value for keyword in call.keywords))
    return not names & {None, "inplace"} and all(
        _is_constant(argument, frozenset()) for argument in arguments
    )


def _is_constant(node: ast.expr, known: AbstractSet[str]) -> bool:
    if isinstance(node, ast.Lambda):
        known = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
    return all(
        each.id in known for each in ast.walk(node) if isinstance(each, ast.Name)
    ) and not any(isinstance(each, ast.NamedExpr) for each in ast.walk(node))
