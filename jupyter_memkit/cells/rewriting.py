"""Finds a file that a cell overwrites each time it runs.

Run once per chunk, such a cell leaves the rows of the last chunk only. In doubt, a file
counts as kept: one that is written under a condition, or from values that the cell
accumulates, can be meant to be replaced.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from jupyter_memkit.cells.effects import find_accumulated
from jupyter_memkit.cells.names import find_bound_names

# The methods of tables that write a file, by default in the place of an older one.
_WRITING = frozenset(
    {
        *("to_csv", "to_excel", "to_feather", "to_html", "to_json", "to_orc"),
        *("to_parquet", "to_pickle", "to_stata", "to_xml", "write_avro"),
        *("write_csv", "write_excel", "write_ipc", "write_json", "write_ndjson"),
        *("write_parquet",),
    }
)
_APPENDING = frozenset({None, "append", "mode"})


def find_rewritten(
    tree: ast.Module, chunk_name: str, namespace: Mapping[str, Any]
) -> str | None:
    r"""Return the first file that a cell overwrites with the values of one chunk.

    Parameters
    ----------
    tree : ast.Module
        The parsed cell.
    chunk_name : str
        The name of the chunk.
    namespace : mapping
        The user's variables.

    Returns
    -------
    str or None
        Its path; None if none is found.

    Examples
    --------
    >>> def check(code):
    ...     return find_rewritten(ast.parse(code), "chunk", {})
    >>> check("late = chunk[chunk.delay > 9]\nlate.to_csv('late.csv')")
    'late.csv'
    >>> check("chunk.to_csv('all.csv', mode='a')")
    >>> check("for day, rows in chunk.groupby('day'): rows.to_csv(f'{day}.csv')")
    """
    own = find_bound_names(tree) | {chunk_name}
    paths = [
        path
        for statement in tree.body
        if isinstance(statement, (ast.Assign, ast.Expr))
        and (path := _find_path(statement.value, own, namespace)) is not None
    ]
    may_end = any(isinstance(node, ast.Raise) for node in ast.walk(tree))
    if not paths or may_end or find_accumulated(tree, chunk_name, namespace):
        return None
    return paths[0]


def _find_path(
    node: ast.expr, own: set[str], namespace: Mapping[str, Any]
) -> str | None:
    """Return the path that a call writes a value of the cell's own to."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=table, attr=name), args=[file, *_], keywords=given
        ) if name in _WRITING and _APPENDING.isdisjoint(each.arg for each in given):
            pass
        case _:
            return None
    while isinstance(table, (ast.Attribute, ast.Call, ast.Subscript)):
        table = table.func if isinstance(table, ast.Call) else table.value
    if not isinstance(table, ast.Name) or table.id not in own:
        return None
    match file:
        case ast.Constant(value=path):
            pass
        case ast.Name(id=name) if name not in own:
            path = namespace.get(name)
        case _:
            return None
    return str(path) if issubclass(type(path), (str, PurePath)) else None
