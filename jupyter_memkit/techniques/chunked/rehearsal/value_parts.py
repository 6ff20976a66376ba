"""Finds the expressions in a cell that its value is computed from."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_WRAPPING = frozenset({"abs", "float", "int", "round", "list", "dict"})
_MODULES = frozenset({"np", "numpy", "pd", "pl"})


def find_parts(tree: ast.Module, *, is_split: bool = True) -> Iterator[ast.expr]:
    r"""Yield the expressions that a cell's value is computed from, the last one first.

    Names that are set once are followed.

    Parameters
    ----------
    tree : ast.Module
        The cell.
    is_split : bool
        Whether to follow both sides of an operation, and what a function of a module
        computes from.

    Examples
    --------
    >>> cell = ast.parse("x = chunk.p.sum()\nround(x)")
    >>> list(map(ast.unparse, find_parts(cell)))
    ['round(x)', 'x', 'chunk.p.sum()', 'chunk.p', 'chunk']
    """
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return
    values = _find_values(tree)
    seen: set[str] = set()
    waiting = [last.value]
    while waiting:
        node = waiting.pop(0)
        yield node
        match node:
            case ast.Name() if node.id in values and node.id not in seen:
                seen.add(node.id)
                waiting.append(values[node.id])
            case ast.Call(func=ast.Attribute(value=root)) if not _is_module(root):
                waiting.append(root)
            case ast.Call(func=ast.Attribute()) if is_split:
                waiting.extend(node.args[:1])
            case ast.Call(func=ast.Name(id=name)) if name in _WRAPPING:
                waiting.extend(node.args[:1])
            case ast.Attribute() | ast.Subscript():
                waiting.append(node.value)
            case ast.BinOp() if is_split:
                waiting.extend([node.left, node.right])
            case ast.UnaryOp():
                waiting.append(node.operand)


def _find_values(tree: ast.Module) -> dict[str, ast.expr]:
    """Return the expressions of the names in a cell that are set once."""
    values: dict[str, list[ast.expr]] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    values.setdefault(target.id, []).append(statement.value)
    return {name: each[0] for name, each in values.items() if len(each) == 1}


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in _MODULES
