"""Finds the columns of a cell's frame that are keys of its groups, not values."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.errors import ReduceError

# The most leading columns that are taken as keys.
_MOST_KEYS = 6


def propose_keys(body: CellBody, value: Any) -> Iterator[tuple[str, ...]]:
    """Yield keys that a frame may have, the likeliest first.

    Parameters
    ----------
    body : CellBody
        The cell.
    value : object
        A value of the cell. Only a frame whose rows are just numbered has keys among
        its columns; pandas puts them first.
    """
    pandas = sys.modules.get("pandas")
    is_frame = pandas is not None and type(value) is pandas.DataFrame
    if not is_frame or type(value.index) is not pandas.RangeIndex:  # type: ignore[union-attr] # it is there
        yield ()
        return
    columns = list(value.columns)
    leading = [
        tuple(columns[:count]) for count in range(1, min(_MOST_KEYS, len(columns)))
    ]
    yield from [*leading, ()] if _has_columns_of_keys(body.tree) else [(), *leading]


def guess_keys(body: CellBody) -> tuple[str, ...]:
    """Return the keys that the code alone shows.

    Raises
    ------
    ReduceError
        If it shows that there are keys, but not which.
    """
    if not _has_columns_of_keys(body.tree):
        return ()
    for node in ast.walk(body.tree.body[-1]):
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", "") == "groupby"
            and node.args
        ):
            names = _constants(node.args[0])
            if names is not None:
                return names
    message = (
        "the keys of the chunk's groups are columns of its value, where they would be "
        "combined too; leave out as_index=False and reset_index(), and call "
        ".reset_index() on the result"
    )
    raise ReduceError(message)


def _has_columns_of_keys(tree: ast.Module) -> bool:
    """Return whether the last expression turns the keys of its groups into columns.

    Raises
    ------
    ReduceError
        If they are time bins: only in an index, bins between two chunks are added.
    """
    has_columns = _makes_columns(tree)
    if has_columns and any(map(_makes_bins, ast.walk(tree.body[-1]))):
        message = (
            "time bins between two chunks would be missing, because the bins are a "
            "column of the chunk's value; leave out as_index=False and reset_index(), "
            "and call .reset_index() on the result"
        )
        raise ReduceError(message)
    return has_columns


def _makes_bins(node: ast.AST) -> bool:
    """Return whether a node is a call of ``resample``, or a grouping by a frequency."""
    match node:
        case ast.Call(func=ast.Attribute(attr="resample")):
            return True
        case ast.Call(func=ast.Attribute(attr="groupby"), args=[ast.Call() as key]):
            return any(each.arg == "freq" for each in key.keywords)
    return False


def _makes_columns(tree: ast.Module) -> bool:
    last = tree.body[-1]
    for node in ast.walk(last):
        if not isinstance(node, ast.Call):
            continue
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        name = getattr(node.func, "attr", "")
        if name == "groupby" and _is(named.get("as_index"), wanted=False):
            return True
        is_reset = name == "reset_index" and not _is(named.get("drop"), wanted=True)
        if is_reset and isinstance(last, ast.Expr) and last.value is node:
            return True
    return False


def _is(node: ast.expr | None, *, wanted: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is wanted


def _constants(node: ast.expr) -> tuple[str, ...] | None:
    match node:
        case ast.Constant(value=str(name)):
            return (name,)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            names = [_constants(item) for item in items]
            if all(name is not None for name in names):
                return tuple(name[0] for name in names if name)
    return None
