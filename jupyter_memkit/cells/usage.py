"""Finds which cell set a variable and which used it last, from the cells' code.

IPython's ``In`` is read on request, so a cell pays nothing for it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jupyter_memkit.cells.magic_calls import read_magic_call

# Older cells are not searched.
_READ_CELLS = 200


@dataclass(slots=True)
class NameUsage:
    """The cells that set and used a name.

    Attributes
    ----------
    made_in : int or None
        The number of the last cell that set it; None if no known cell did.
    used_in : int or None
        The number of the last cell that set or read it.
    """

    made_in: int | None = None
    used_in: int | None = None


def find_usage(cells: Sequence[str]) -> dict[str, NameUsage]:
    """Find which cells set and used which names.

    Parameters
    ----------
    cells : sequence of str
        The code of the cells by number, as in IPython's ``In``. Cells that do not parse
        are skipped.

    Returns
    -------
    dict of str to NameUsage
        The usage of every name in the last 200 cells.

    Examples
    --------
    >>> usage = find_usage(["", "prices = [1, 2]", "total = sum(prices)"])
    >>> usage["prices"].made_in, usage["prices"].used_in
    (1, 2)
    """
    found: dict[str, NameUsage] = {}
    # The names that functions and classes read when called, by their own names.
    bodies: dict[str, set[str]] = {}
    for number in range(max(0, len(cells) - _READ_CELLS), len(cells)):
        tree = _parse(cells[number])
        bodies |= _read_bodies(tree)
        for name, is_set in _read_names(tree):
            usage = found.setdefault(name, NameUsage())
            usage.used_in = number
            if is_set:
                usage.made_in = number
            else:
                for each in _follow(name, bodies):
                    found.setdefault(each, NameUsage()).used_in = number
    return found


def _parse(code: str) -> ast.AST:
    """Return the syntax tree of a cell; an empty one if it does not parse."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module(body=[], type_ignores=[])


def _read_bodies(tree: ast.AST) -> dict[str, set[str]]:
    """Return the names in the body of each function and class."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {
        node.name: {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    }


def _follow(name: str, bodies: dict[str, set[str]]) -> set[str]:
    """Return the names that using a name reads, including through nested calls."""
    reached: set[str] = set()
    waiting = {name}
    while waiting:
        fresh = bodies.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting |= fresh
    return reached


def _read_names(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id, isinstance(node.ctx, ast.Store)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, True
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield (alias.asname or alias.name).partition(".")[0], True
        elif isinstance(node, ast.Call):
            yield from _read_magic(node)


def _read_magic(node: ast.Call) -> Iterator[tuple[str, bool]]:
    """Yield the names in the line and the body of a magic."""
    call = read_magic_call(node)
    if call is None:
        return
    yield from _read_text(call.line)
    yield from _read_text(call.cell)


def _read_text(text: str) -> Iterator[tuple[str, bool]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        # A line of options: its words may be names.
        yield from ((word, False) for word in text.split() if word.isidentifier())
    else:
        yield from _read_names(tree)
