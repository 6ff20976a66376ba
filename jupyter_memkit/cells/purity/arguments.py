"""Checks arguments that change a call: strings that are code, and output arrays."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from jupyter_memkit.cells.purity.lists import DRAWING, PURE_ATTRIBUTES
from jupyter_memkit.cells.purity.outside import find_attributes
from jupyter_memkit.measure.sizes.loaded import find_loaded

# What replaces the sign before a variable in a formula.
_VARIABLE = "__variable_"


def read_formula(text: str, table: ast.expr) -> list[ast.expr] | None:
    """Return the expressions that a pandas formula computes.

    Parameters
    ----------
    text : str
        The formula, for ``query`` or ``eval``.
    table : ast.expr
        The table, of which the names in it are columns.

    Returns
    -------
    list of ast.expr or None
        None if that is not known.

    Examples
    --------
    >>> parts = read_formula("p > p.mean() + @limit", ast.Name("chunk"))
    >>> [ast.unparse(part) for part in parts]
    ['chunk.p > chunk.p.mean() + limit']
    """
    if not set("@(") & set(text):
        # Without calls and variables it only computes, whatever its names are.
        return []
    try:
        tree = ast.parse(text.strip().replace("@", _VARIABLE))
    except (SyntaxError, ValueError):
        return None
    parts = []
    for statement in tree.body:
        if not isinstance(statement, (ast.Assign, ast.Expr)):
            return None
        parts.append(_Formula(table).visit(statement.value))
    return parts


class _Formula(ast.NodeTransformer):
    """Replaces the names in a formula."""

    def __init__(self, table: ast.expr) -> None:
        self._table = table

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return the variable of the cell, or the column."""
        if node.id.startswith(_VARIABLE):
            return ast.Name(node.id.removeprefix(_VARIABLE), ast.Load())
        return ast.Attribute(self._table, node.id, ast.Load())


def names_pure_methods(node: ast.expr, outside: Mapping[str, Any]) -> bool:
    """Return whether the strings in an argument of ``agg`` and the like are harmless.

    All of them have to be known, and none may name a method with a side effect.

    Parameters
    ----------
    node : ast.expr
        The argument.
    outside : mapping
        The user's variables that the cell does not set.
    """
    match node:
        case ast.Constant():
            return _is_pure(node.value)
        case ast.Name():
            known = outside.get(node.id)
            return node.id in outside and all(map(_is_pure, _find_texts(known)))
        case ast.List() | ast.Tuple() | ast.Set() | ast.Dict():
            return all(
                names_pure_methods(child, outside)
                for child in ast.iter_child_nodes(node)
                if isinstance(child, ast.expr)
            )
        case ast.Attribute() | ast.Call():
            return _is_of_module(node, outside)
    # Anything else may evaluate to an unknown string.
    return isinstance(node, (ast.Lambda, ast.Compare, ast.UnaryOp))


def may_write_into(node: ast.Call, function: Any, place: int) -> bool:
    """Return whether a function may write its output into an argument.

    Parameters
    ----------
    node : ast.Call
        The call.
    function : object
        The function; None for a method.
    place : int
        The position of the argument, from 0.
    """
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        return True
    if function is None:
        # A method of an array: dot(b, out), sum(axis, dtype, out).
        return isinstance(node.func, ast.Attribute) and place >= 1
    output = _find_output(function)
    return output is not None and place >= output


def _find_output(function: Any) -> int | None:
    """Return the first position at which a function may write into an argument."""
    ufunc = find_loaded("numpy", "ufunc")
    if ufunc is not None and type(function) is ufunc:
        return int(function.nin)
    if not str(getattr(function, "__module__", "")).startswith("numpy"):
        return None
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return 2
    return names.index("out") if "out" in names else None


def _is_pure(text: Any) -> bool:
    if not isinstance(text, str):
        return True
    if text in PURE_ATTRIBUTES and text not in DRAWING:
        return True
    return not any(True for _ in find_attributes(text))


def _is_of_module(node: ast.expr, outside: Mapping[str, Any]) -> bool:
    """Return whether it is a function such as ``np.sum``, or a result of one."""
    while isinstance(node, (ast.Attribute, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and type(outside.get(node.id)) is ModuleType


def _find_texts(value: Any) -> Iterator[Any]:
    if type(value) in {list, tuple, set, frozenset}:
        for item in value:
            yield from _find_texts(item)
    elif type(value) is dict:
        for item in (*value, *value.values()):
            yield from _find_texts(item)
    else:
        yield value
