"""Finds the columns of a chunk that a cell uses."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jupyter_memkit.cells.columns.arrow_forms import ArrowForms
from jupyter_memkit.cells.columns.cell import Cell
from jupyter_memkit.cells.columns.follow import Follower, Forms
from jupyter_memkit.cells.columns.hidden import reads_secretly
from jupyter_memkit.cells.columns.kinds import EscapeError
from jupyter_memkit.cells.columns.pandas_forms import PandasForms
from jupyter_memkit.cells.columns.polars_forms import PolarsForms

_FORMS: Mapping[str | None, Callable[[], Forms]] = {
    "pandas": PandasForms,
    "polars": PolarsForms,
    "arrow": ArrowForms,
}


def find_columns(
    tree: ast.AST,
    name: str,
    available: Iterable[str],
    namespace: Mapping[str, Any],
    backend: str | None,
) -> tuple[str, ...] | None:
    """Return the columns that a cell uses.

    Parameters
    ----------
    tree : ast.AST
        The parsed cell.
    name : str
        The name of the chunk.
    available : iterable of str
        The columns of the chunk.
    namespace : mapping
        The user's variables; functions among them may read the chunk too.
    backend : str or None
        The type of the chunk. Its forms are only known if its library is loaded.

    Returns
    -------
    tuple of str or None
        The columns in their order; None if all may be needed.

    Examples
    --------
    >>> tree = ast.parse("chunk['price'].sum() + len(chunk)")
    >>> find_columns(tree, "chunk", ["id", "price"], {}, "pandas")
    ('price',)
    >>> find_columns(ast.parse("chunk.sum()"), "chunk", ["id"], {}, "pandas")
    """
    known = list(available)
    forms = _FORMS.get(backend)
    if forms is None or not all(map(_is_plain, known)) or len(set(known)) < len(known):
        return None
    cell = Cell(tree, name, namespace)
    try:
        if not any(cell.reads(name)) or reads_secretly(cell):
            return None
        follower = Follower(cell, frozenset(known), forms())
        follower.run()
    except (EscapeError, RecursionError):
        # RecursionError: an expression of a thousand terms.
        return None
    return tuple(column for column in known if column in follower.used)


def _is_plain(column: object) -> bool:
    """Return whether a name means one column everywhere; polars has patterns."""
    return type(column) is str and column != "*" and not column.startswith("^")
