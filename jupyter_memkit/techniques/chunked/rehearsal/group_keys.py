"""Finds the columns of a cell's frame that are keys of its groups, not values."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.rehearsal.value_parts import find_parts

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
    for node in _walk_parts(body.tree):
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
    """Return whether a cell turns the keys of its value's groups into columns.

    Raises
    ------
    ReduceError
        If they are time bins: only in an index, bins between two chunks are added.
    """
    has_columns = _makes_columns(tree)
    if has_columns and any(map(_makes_bins, _walk_parts(tree))):
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
    return any(_resets(node) for node in find_parts(tree, is_split=False)) or any(
        isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "groupby"
        and _is(_keywords(node).get("as_index"), wanted=False)
        for node in _walk_parts(tree)
    )


def _resets(node: ast.expr) -> bool:
    """Return whether a node is a call that turns an index into columns."""
    if (
        not isinstance(node, ast.Call)
        or getattr(node.func, "attr", "") != "reset_index"
    ):
        return False
    return not _is(_keywords(node).get("drop"), wanted=True)


def _walk_parts(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield all nodes in the expressions that a cell's value is computed from."""
    last = tree.body[-1]
    yield from ast.walk(last)
    for part in find_parts(tree, is_split=False):
        yield from ast.walk(part)


def _keywords(node: ast.Call) -> dict[str | None, ast.expr]:
    return {keyword.arg: keyword.value for keyword in node.keywords}


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
