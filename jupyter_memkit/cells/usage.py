"""Finds which cell set a variable and which used it last, from the cells' code.

IPython's ``In`` is read on request, so a cell pays nothing for it.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_memkit.cells.cell_parts import read_latest_cells
from jupyter_memkit.cells.magic_calls import read_magic_call
from jupyter_memkit.cells.names import find_global_names
from jupyter_memkit.cells.parsing import parse


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
    for number, cell in read_latest_cells(cells):
        tree = parse(cell)
        bodies |= _read_bodies(tree)
        read, bound = _find_names(tree)
        for name in read:
            for each in (name, *_follow(name, bodies)):
                found.setdefault(each, NameUsage()).used_in = number
        for name in bound:
            found[name] = NameUsage(made_in=number, used_in=number)
    return found


def _read_bodies(tree: ast.Module) -> dict[str, set[str]]:
    """Return the global names that each function and class reads."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {
        node.name: set(find_global_names(node)[0])
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


def _find_names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return the global names that a cell reads and binds, also in its magics."""
    names, bound = find_global_names(tree)
    read = set(names)
    for node in ast.walk(tree):
        call = read_magic_call(node) if isinstance(node, ast.Call) else None
        for text in () if call is None else (call.line, call.cell):
            part_read, part_bound = _find_names_in_text(text)
            read |= part_read
            bound |= part_bound
    return read, bound


def _find_names_in_text(text: str) -> tuple[set[str], set[str]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        # A line of options: its words may be names.
        return set(filter(str.isidentifier, text.split())), set()
    return _find_names(tree)
