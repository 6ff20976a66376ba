"""Finds the text that an expression of a cell certainly has."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from typing import Any

from jupyter_memkit.cells.names import bound_names
from jupyter_memkit.cells.purity.outside import is_scalar


class Texts:
    """The texts in a cell: constants, variables that hold them, and f-strings.

    Parameters
    ----------
    tree : ast.Module
        The cell.
    chunk_name : str
        The name of the chunk.
    namespace : mapping
        The user's variables.

    Examples
    --------
    >>> cell = ast.parse('''query = f"select avg({column}) from chunk"
    ... run(query)''')
    >>> texts = Texts(cell, "chunk", {"column": "price"})
    >>> texts.find(cell.body[1].value.args[0])
    'select avg(price) from chunk'
    """

    def __init__(
        self, tree: ast.Module, chunk_name: str, namespace: Mapping[str, Any]
    ) -> None:
        counts = Counter(name for node in ast.walk(tree) for name in bound_names(node))
        self._local = {chunk_name, *counts}
        self._namespace = namespace
        self._set_once = {
            statement.targets[0].id: statement.value
            for statement in tree.body
            if isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
            and counts[statement.targets[0].id] == len(statement.targets) == 1
        }

    def find(self, node: ast.expr | None) -> str | None:
        """Return the text of an expression; None if it is another value or unknown."""
        value = self._find(node)
        return value if isinstance(value, str) else None

    def _find(self, node: ast.expr | None) -> Any:
        """Return the value of an expression, if it is a known scalar."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name) if name in self._set_once:
                given = self._set_once[name]
                # What reads it above its assignment may get an older value.
                return self._find(given) if node.lineno > given.lineno else None
            case ast.Name(id=name) if name not in self._local:
                held = self._namespace.get(name)
                return held if is_scalar(held) else None
            case ast.JoinedStr(values=parts):
                values = [self._find(part) for part in parts]
                is_known = all(value is not None for value in values)
                return "".join(map(str, values)) if is_known else None
            case ast.FormattedValue(value=part, conversion=-1, format_spec=None):
                return self._find(part)
        return None
