"""The forms of a pyarrow table, and the columns that each of them uses."""

from __future__ import annotations

import ast
import sys
from typing import Any

from jupyter_memkit.cells.columns.cell import ABSENT
from jupyter_memkit.cells.columns.follow import Follower, find_height
from jupyter_memkit.cells.columns.kinds import (
    COMPUTED,
    EscapeError,
    Kind,
    has_only,
)
from jupyter_memkit.measure.sizes.loaded import read_namespace


class ArrowForms:
    """The forms of a pyarrow table."""

    def attribute(self, _follower: Follower, kind: Kind, node: ast.Attribute) -> Kind:
        """Return the kind of ``table.num_rows``; others may depend on all columns."""
        if kind is Kind.FRAME and node.attr == "num_rows":
            return Kind.DATA
        raise EscapeError

    def subscript(self, follower: Follower, kind: Kind, node: ast.Subscript) -> Kind:
        """Use a column by name, or rows by a slice."""
        if kind is not Kind.FRAME or not isinstance(node.ctx, ast.Load):
            raise EscapeError
        if isinstance(node.slice, ast.Slice):
            follower.plain(node.slice)
            return Kind.FRAME
        if follower.use_keys(node.slice) is not Kind.SERIES:
            raise EscapeError
        return Kind.SERIES

    def indexer(self, _follower: Follower, node: ast.Subscript) -> Kind | None:
        """Return the kind of ``table.shape[0]``."""
        return find_height(node)

    def method(self, follower: Follower, kind: Kind, node: ast.Call) -> Kind:
        """Return the kind of the result of one of the table's methods."""
        assert isinstance(node.func, ast.Attribute)
        name, arguments = node.func.attr, node.args
        if name == "slice" and kind is Kind.FRAME:
            follower.plain_arguments(node)
            return Kind.FRAME
        if len(arguments) != 1 or not has_only(node, 1, frozenset()):
            raise EscapeError
        (argument,) = arguments
        if kind is Kind.GROUPS:
            if name != "aggregate":
                raise EscapeError
            _use_aggregated(follower, argument)
            return Kind.OTHER
        return _table_method(follower, name, argument)

    def computed(self, _name: str, *, is_called: bool) -> Kind:
        """Return the kind of an attribute or a method's result of a column."""
        return Kind.DATA if is_called else Kind.OTHER

    def function(self, follower: Follower, node: ast.Call) -> Kind:
        """Return the kind of the result of a ``pyarrow.compute`` function."""
        if not _is_compute(follower, node.func):
            return Kind.OTHER
        kinds = [follower.plain(each) for each in node.args]
        is_series = Kind.SERIES in kinds and set(kinds) <= COMPUTED
        return Kind.SERIES if is_series else Kind.OTHER


def _table_method(follower: Follower, name: str, argument: ast.expr) -> Kind:
    """Return the kind of the result of a table's method with one argument."""
    match name:
        case "column" if follower.use_keys(argument) is Kind.SERIES:
            return Kind.SERIES
        case "select" if follower.use_keys(argument) is Kind.OTHER:
            return Kind.OTHER
        case "group_by" if follower.use_keys(argument) is not None:
            return Kind.GROUPS
        case "sort_by" if _use_order(follower, argument):
            return Kind.FRAME
        case "filter" | "take" if _picks_rows(follower, argument):
            return Kind.FRAME
    raise EscapeError


def _use_aggregated(follower: Follower, node: ast.expr) -> None:
    """Use the columns in ``[("q", "sum"), ([], "count_all")]``."""
    if not isinstance(node, ast.List):
        raise EscapeError
    for item in node.elts:
        if not isinstance(item, ast.Tuple) or not item.elts:
            raise EscapeError
        if follower.use_keys(item.elts[0]) is None:
            raise EscapeError
        for part in item.elts[1:]:
            follower.plain(part)


def _use_order(follower: Follower, node: ast.expr) -> bool:
    """Use the columns in ``"q"`` or ``[("q", "descending")]``."""
    if not isinstance(node, ast.List):
        return follower.use_keys(node) is Kind.SERIES
    return all(
        isinstance(item, ast.Tuple)
        and len(item.elts) == 2
        and follower.use_keys(item.elts[0]) is Kind.SERIES
        for item in node.elts
    )


def _picks_rows(follower: Follower, node: ast.expr) -> bool:
    """Return whether rows are selected by a column or by named fields."""
    if follower.plain(node) is Kind.SERIES:
        return True
    return _is_expression(follower, node)


def _is_expression(follower: Follower, node: ast.expr) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.Name():
            return follower.plain(node) in COMPUTED
        case ast.BinOp():
            parts = [node.left, node.right]
        case ast.UnaryOp():
            parts = [node.operand]
        case ast.Compare():
            parts = [node.left, *node.comparators]
        case ast.Call(args=[name]) if not node.keywords:
            if _compute(follower, node.func) is not _find_compute("field"):
                return False
            return follower.use_keys(name) is Kind.SERIES
        case _:
            return False
    return all(_is_expression(follower, part) for part in parts)


def _is_compute(follower: Follower, node: ast.expr) -> bool:
    return _compute(follower, node) is not None


def _compute(follower: Follower, node: ast.expr) -> Any:
    """Return the ``pyarrow.compute`` function that is called; None for others."""
    if not isinstance(node, ast.Attribute):
        return None
    if not follower.cell.is_module(node.value, "pyarrow.compute"):
        return None
    found = follower.cell.resolve(node)
    return None if found is ABSENT else found


def _find_compute(name: str) -> Any:
    names = read_namespace(sys.modules.get("pyarrow.compute")) or {}
    return names.get(name, ABSENT)
