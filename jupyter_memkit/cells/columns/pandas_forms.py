"""The forms of a pandas frame, and the columns that each of them uses.

An attribute means what it means in pandas: ``chunk.max`` is the method, whatever the
columns are. Operations on all columns, and passing the frame to a function, are not
modelled.
"""

from __future__ import annotations

import ast
from typing import Any

from jupyter_memkit.cells.columns.follow import Follower, find_height
from jupyter_memkit.cells.columns.kinds import (
    EscapeError,
    Kind,
)
from jupyter_memkit.cells.columns.pandas_methods import (
    frame_method,
    use_aggregated,
)
from jupyter_memkit.cells.columns.pandas_values import (
    computed,
    elementwise_function,
)
from jupyter_memkit.measure.sizes.loaded import find_loaded

# Attributes and methods of groups that only depend on the keys, and methods that return
# a value per row.
_GROUP_PARTS = frozenset({"groups", "indices", "ngroups"})
_GROUP_COUNTS = frozenset({"size"})
_GROUP_ROWS = {
    "cumcount": Kind.SERIES,
    "head": Kind.FRAME,
    "ngroup": Kind.SERIES,
    "tail": Kind.FRAME,
}
# Methods that reduce the selected columns.
_PICKED = frozenset(
    {
        *("agg", "aggregate", "all", "any", "count", "cummax", "cummin", "cumsum"),
        *("first", "last", "max", "mean", "median", "min", "nunique", "prod"),
        *("quantile", "sem", "std", "sum", "var"),
    }
)


class PandasForms:
    """The forms of a pandas frame."""

    def __init__(self) -> None:
        self._frame = find_loaded("pandas", "DataFrame")
        self._groups = find_loaded("pandas.core.groupby.generic", "DataFrameGroupBy")

    def attribute(self, follower: Follower, kind: Kind, node: ast.Attribute) -> Kind:
        """Use a column whose name is not an attribute of pandas."""
        name, is_read = node.attr, isinstance(node.ctx, ast.Load)
        if kind is Kind.FRAME and name == "index" and is_read:
            return Kind.SERIES
        if kind is Kind.FRAME and self._is_column(self._frame, name):
            if not is_read and name not in follower.columns:
                # An attribute of the frame, not a column.
                raise EscapeError
            follower.use(name)
            return Kind.SERIES
        if kind is Kind.GROUPS and name in _GROUP_PARTS and is_read:
            return Kind.OTHER
        if kind is Kind.GROUPS and self._is_column(self._groups, name):
            follower.use(name)
            return Kind.OTHER
        raise EscapeError

    def subscript(self, follower: Follower, kind: Kind, node: ast.Subscript) -> Kind:
        """Use columns by name, or rows by a mask or a slice."""
        if kind is Kind.PICKED_GROUPS:
            raise EscapeError
        picked = follower.use_keys(node.slice)
        if kind is Kind.GROUPS:
            if picked is None:
                raise EscapeError
            return Kind.OTHER if picked is Kind.SERIES else Kind.PICKED_GROUPS
        if picked is not None:
            return picked
        if isinstance(node.ctx, ast.Load) and self._picks_rows(follower, node.slice):
            return Kind.FRAME
        raise EscapeError

    def indexer(self, follower: Follower, node: ast.Subscript) -> Kind | None:
        """Use the columns that ``frame.loc[...]`` names, or ``frame.shape[0]``."""
        assert isinstance(node.value, ast.Attribute)
        if node.value.attr != "loc":
            return find_height(node)
        place = node.slice
        is_read = isinstance(node.ctx, ast.Load)
        if not isinstance(place, ast.Tuple):
            if is_read and self._picks_rows(follower, place):
                return Kind.FRAME
            raise EscapeError
        if len(place.elts) != 2 or not self._picks_rows(follower, place.elts[0]):
            raise EscapeError
        picked = follower.use_keys(place.elts[1])
        if picked is None and is_read and _is_whole(place.elts[1]):
            return Kind.FRAME
        return picked

    def method(self, follower: Follower, kind: Kind, node: ast.Call) -> Kind:
        """Return the kind of the result of one of the frame's methods."""
        assert isinstance(node.func, ast.Attribute)
        if kind is Kind.FRAME:
            return frame_method(follower, node.func.attr, node)
        if kind is Kind.GROUPS:
            return self._group_method(follower, node.func, node)
        if node.func.attr not in _PICKED:
            raise EscapeError
        follower.plain_arguments(node)
        return Kind.OTHER

    def computed(self, name: str, *, is_called: bool) -> Kind:
        """Return the kind of an attribute or a method's result of a series."""
        return computed(name, is_called=is_called)

    def function(self, follower: Follower, node: ast.Call) -> Kind:
        """Return the kind of the result of a numpy or pandas function."""
        return elementwise_function(follower, node)

    def _is_column(self, owner: Any, name: str) -> bool:
        """Return whether an attribute can only be a column."""
        return (
            owner is not None and not name.startswith("_") and not hasattr(owner, name)
        )

    def _picks_rows(self, follower: Follower, place: ast.expr) -> bool:
        """Return whether an index of a frame selects rows.

        A series of names would select columns; pandas raises `KeyError` for one that
        was not read.
        """
        if isinstance(place, ast.Slice):
            follower.plain(place)
            return True
        kind = follower.given_frame(place) or follower.plain(place)
        return kind is Kind.SERIES and (_is_mask(place) or not follower.cell.catches)

    def _group_method(
        self, follower: Follower, function: ast.Attribute, node: ast.Call
    ) -> Kind:
        name = function.attr
        if name in _GROUP_COUNTS | _GROUP_ROWS.keys():
            follower.plain_arguments(node)
            return _GROUP_ROWS.get(name, Kind.OTHER)
        if name in {"agg", "aggregate"}:
            use_aggregated(follower, node)
            return Kind.OTHER
        # Otherwise it is a column, which cannot be called.
        self.attribute(follower, Kind.GROUPS, function)
        follower.plain_arguments(node)
        return Kind.OTHER


def _is_whole(node: ast.expr) -> bool:
    """Return whether a slice is a bare colon, which selects all columns."""
    return isinstance(node, ast.Slice) and not any(ast.iter_child_nodes(node))


def _is_mask(node: ast.expr) -> bool:
    """Return whether a series is certainly boolean, by the way it is computed."""
    match node:
        case ast.Compare() | ast.UnaryOp(op=ast.Invert()):
            return True
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr() | ast.BitXor()):
            return True
        case ast.Lambda():
            return _is_mask(node.body)
    return False
