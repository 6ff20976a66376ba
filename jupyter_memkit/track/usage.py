"""Which cell made a variable, and which used it last, as the cells' code tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# So far back it is looked; what is older counts as older than that.
_READ_CELLS = 200


@dataclass(slots=True)
class NameUsage:
    """When a name was set and used.

    Attributes
    ----------
    made_in : int or None
        The number of the last cell that set it; None where no known cell did.
    used_in : int or None
        The number of the last cell that set or read it.
    """

    made_in: int | None = None
    used_in: int | None = None


def find_usage(cells: Sequence[str]) -> dict[str, NameUsage]:
    """Read which cells set and used which names.

    Parameters
    ----------
    cells : sequence of str
        The code of the cells by their numbers, as IPython's ``In`` has it. Cells that
        do not parse are left out.

    Returns
    -------
    dict of str to NameUsage
        For every name in the last 200 cells.

    Examples
    --------
    >>> usage = find_usage(["", "prices = [1, 2]", "total = sum(prices)"])
    >>> usage["prices"].made_in, usage["prices"].used_in
    (1, 2)
    """
    found: dict[str, NameUsage] = {}
    for number in range(max(0, len(cells) - _READ_CELLS), len(cells)):
        for name, is_set in _read_names(cells[number]):
            usage = found.setdefault(name, NameUsage())
            usage.used_in = number
            if is_set:
                usage.made_in = number
    return found


def _read_names(code: str) -> Iterator[tuple[str, bool]]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return
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


def _read_magic(call: ast.Call) -> Iterator[tuple[str, bool]]:
    """Yield the names in the line and the body of a magic, as IPython calls it."""
    if not isinstance(call.func, ast.Attribute):
        return
    if call.func.attr not in ("run_cell_magic", "run_line_magic"):
        return
    texts = [each.value for each in call.args[1:] if isinstance(each, ast.Constant)]
    for text in texts:
        if not isinstance(text, str):
            continue
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            # A line of options: its words may be names.
            yield from ((word, False) for word in text.split() if word.isidentifier())
        else:
            yield from _read_names(text)
