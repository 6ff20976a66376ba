"""Finds backward passes in the code of cells, and what goes into them.

A step of training needs those values until then.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from jupyter_memkit.cells.cell_parts import read_latest_parts, read_parts
from jupyter_memkit.cells.parsing import parse
from jupyter_memkit.cells.stores import GROWING, find_stores

# Calls that leave gradients in their leaves, unlike `grad`.
_BACKWARD = ("backward", "manual_backward")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a cell.

    Attributes
    ----------
    cell, line : int
        The numbers of the cell and of the line in it.
    text : str
        The line.
    """

    cell: int
    line: int
    text: str


def find_backward_inputs(cells: Sequence[str]) -> set[str]:
    r"""Return the names whose values go into a backward pass, directly or not.

    Examples
    --------
    >>> cells = ["", "loss = f(out)\nloss.backward()\nlosses.append(loss)"]
    >>> sorted(find_backward_inputs(cells))
    ['f', 'loss', 'out']
    """
    inputs: set[str] = set()
    made: list[tuple[str, set[str]]] = []
    imported: set[str] = set()
    for _, code, _ in read_latest_parts(cells):
        tree = parse(code)
        for node in ast.walk(tree):
            if _is_backward(node):
                inputs |= _find_names(node)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                imported |= _find_bound(node)
        made += (
            (store.name, _find_names(store.value)) for store, _ in find_stores(tree)
        )
    # `torch.cat([kept, out])` stores nothing into torch.
    made = [(name, names) for name, names in made if name not in imported]
    size = -1
    while len(inputs) > size:
        size = len(inputs)
        for name, names in made:
            if name in inputs:
                inputs |= names
    return inputs


def find_graph_creation(cells: Sequence[str]) -> Line | None:
    r"""Find the last backward pass that leaves gradients with a graph.

    Examples
    --------
    >>> cells = ["", "loss = f(x)\nloss.backward(create_graph=True)"]
    >>> line = find_graph_creation(cells)
    >>> line.cell, line.line, line.text
    (1, 2, 'loss.backward(create_graph=True)')
    """
    lines = (
        Line(
            cell=number,
            line=node.lineno + offset,
            text=code.splitlines()[node.lineno - 1].strip(),
        )
        for number, code, offset in read_latest_parts(cells)
        for node in ast.walk(parse(code))
        if isinstance(node, ast.Call) and _creates_graph(node)
    )
    return max(lines, key=lambda each: (each.cell, each.line), default=None)


def has_backward(cell: str) -> bool:
    """Return whether a cell contains a backward pass."""
    return any(
        _is_backward(node)
        for code, _ in read_parts(cell)
        for node in ast.walk(parse(code))
    )


def _is_backward(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name_function(node) in (*_BACKWARD, "grad")


def _creates_graph(node: ast.Call) -> bool:
    return _name_function(node) in _BACKWARD and any(
        each.arg == "create_graph" for each in node.keywords
    )


def _name_function(node: ast.Call) -> str | None:
    return getattr(node.func, "attr", getattr(node.func, "id", None))


def _find_bound(node: ast.Import | ast.ImportFrom) -> set[str]:
    """Return the names that an import binds."""
    return {each.asname or each.name.partition(".")[0] for each in node.names}


def _find_names(node: ast.AST) -> set[str]:
    """Return the names whose values an expression reads.

    What a function in it only adds to (`lambda x: seen.append(x)`), it does not read.
    """
    unread = {
        id(part)
        for each in ast.walk(node)
        if isinstance(each, ast.Lambda) and _grows(each.body)
        for part in ast.walk(each.body.func)
    }
    return {
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and id(each) not in unread
    }


def _grows(node: ast.expr) -> TypeGuard[ast.Call]:
    """Return whether an expression adds to a container."""
    return isinstance(node, ast.Call) and _name_function(node) in GROWING
