"""The code of cells, and of the magics in them, as far as it can be parsed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jupyter_memkit.cells.magic_calls import read_magic_call
from jupyter_memkit.cells.parsing import parse

# Older cells are not searched.
READ_CELLS = 200


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
