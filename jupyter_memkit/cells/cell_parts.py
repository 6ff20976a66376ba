"""The code of cells, and of the magics in them, as far as it can be parsed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from jupyter_memkit.cells.magic_calls import read_magic_call
from jupyter_memkit.cells.parsing import parse

# Older cells are not read.
_LATEST = 200


def read_latest_cells(cells: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the numbers and the code of the latest cells, the oldest of them first."""
    for number in range(max(0, len(cells) - _LATEST), len(cells)):
        yield number, cells[number]


def read_latest_parts(cells: Sequence[str]) -> Iterator[tuple[int, str, int]]:
    """Yield the parts of the latest cells, each after the number of its cell."""
    for number, cell in read_latest_cells(cells):
        for code, offset in read_parts(cell):
            yield number, code, offset


def read_parts(cell: str) -> Iterator[tuple[str, int]]:
    """Yield the code of a cell and of the magics in it, with the lines before it."""
    waiting = [(cell, 0)]
    while waiting:
        code, offset = waiting.pop()
        yield code, offset
        for node in parse(code).body:
            call = read_magic_call(node)
            if call is not None:
                is_cell = call.kind == "cell"
                before = offset + node.lineno - (0 if is_cell else 1)
                waiting.append((call.cell if is_cell else call.line, before))


def is_code(cell: str) -> bool:
    """Return whether a cell does more than call magics and show values."""
    return any(
        not isinstance(node, ast.Expr) or isinstance(node.value, (ast.Call, ast.Await))
        for code, _ in read_parts(cell)
        for node in parse(code).body
        if read_magic_call(node) is None
    )
