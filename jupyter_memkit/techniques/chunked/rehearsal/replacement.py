"""Finds the call of `partial` that replaces a statistic that does not add up."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from typing import Any

# The partial statistics by the names of the pandas methods.
_STATISTICS = {
    **{name: repr(name) for name in ("mean", "std", "var", "sem", "nunique", "first")},
    **{name: repr(name) for name in ("last", "min", "max", "sum", "count")},
    "median": "('approx_quantile', 0.5)",
    "mode": "('top', 1)",
}


def find_replacement(
    tree: ast.Module, chunk_name: str, namespace: Mapping[str, Any]
) -> str | None:
    """Return the line that computes the same statistic over all chunks.

    Parameters
    ----------
    tree : ast.Module
        The cell.
    chunk_name : str
        The name of the chunk.
    namespace : mapping
        The user's variables, in which the package may have a name.

    Returns
    -------
    str or None
        The last line of the cell, for ``--reduce merge``; None if there is none.

    Examples
    --------
    >>> cell = ast.parse("chunk.groupby('store').price.mean()")
    >>> find_replacement(cell, "chunk", {"memkit": sys.modules["jupyter_memkit"]})
    "memkit.partial(chunk, by='store').agg(price='mean')"
    """
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return None
    node = last.value
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
        node = node.args[0]  # round(chunk.price.mean(), 3)
    found = _read(node, chunk_name)
    if found is None:
        return None
    by, columns = found
    package = sys.modules["jupyter_memkit"]
    names = [name for name, value in list(namespace.items()) if value is package]
    name = names[0] if names else "memkit"
    statistics = ", ".join(f"{column}={how}" for column, how in columns.items())
    line = f"{name}.partial({chunk_name}{by}).agg({statistics})"
    return line if names else f"{line}, after import jupyter_memkit as memkit"


def _read(node: ast.expr, chunk_name: str) -> tuple[str, dict[str, str]] | None:
    """Return the ``by`` and the columns with their statistics."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    columns = _read_statistics(node)
    if columns is None:
        return None
    place = node.func.value
    name = _read_column(place)
    if name is not None:
        place = place.value  # type: ignore[attr-defined] # of an attribute or subscript
        if list(columns) != [""]:
            return None
        columns = {name: columns[""]}
    by = ""
    if isinstance(place, ast.Call) and getattr(place.func, "attr", "") == "groupby":
        if len(place.args) != 1 or not isinstance(place.func, ast.Attribute):
            return None
        by = f", by={ast.unparse(place.args[0])}"
        place = place.func.value
    is_chunk = isinstance(place, ast.Name) and place.id == chunk_name
    if not is_chunk or not all(name.isidentifier() for name in columns):
        return None
    return by, columns


def _read_statistics(node: ast.Call) -> dict[str, str] | None:
    """Return the statistics of a call by column; "" is the column it is called on."""
    method = node.func.attr  # type: ignore[attr-defined] # of an attribute
    if method in {"agg", "aggregate"} and len(node.args) == 1 and not node.keywords:
        return _read_agg(node.args[0])
    if method == "quantile" and len(node.args) == 1 and not node.keywords:
        if not isinstance(node.args[0], ast.Constant):
            return None
        return {"": f"('approx_quantile', {ast.unparse(node.args[0])})"}
    if method == "nlargest" and len(node.args) == 1:
        return {"": f"('largest', {ast.unparse(node.args[0])})"}
    if node.args or node.keywords or method not in _STATISTICS:
        return None
    return {"": _STATISTICS[method]}


def _read_agg(node: ast.expr) -> dict[str, str] | None:
    match node:
        case ast.Constant(value=str(name)) if name in _STATISTICS:
            return {"": _STATISTICS[name]}
        case ast.List(elts=items):
            read = [_read_agg(item) for item in items]
            if any(each is None for each in read):
                return None
            return {"": f"[{', '.join(each[''] for each in read if each)}]"}
        case ast.Dict():
            columns: dict[str, str] = {}
            for key, value in zip(node.keys, node.values, strict=True):
                read_value = _read_agg(value)
                if not isinstance(key, ast.Constant) or read_value is None:
                    return None
                columns[str(key.value)] = read_value.get("", "")
            return columns if all(columns.values()) else None
    return None


def _read_column(node: ast.expr) -> str | None:
    match node:
        case ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
    return None
