"""The forms of a polars frame, eager or lazy, and the columns that each uses.

A polars frame has no attributes for its columns. Its contexts take expressions, which
`polars_expressions` analyses.
"""

from __future__ import annotations

import ast

from jupyter_memkit.cells.columns.follow import Follower, find_height
from jupyter_memkit.cells.columns.kinds import (
    EscapeError,
    Kind,
    has_only,
    keywords,
)
from jupyter_memkit.cells.columns.polars_expressions import (
    use_expression,
)

# Methods that return rows of the frame, with their arguments.
_ROWS = {
    "clone": (0, frozenset[str]()),
    "collect": (0, frozenset[str]()),
    "head": (1, frozenset({"n"})),
    "lazy": (0, frozenset[str]()),
    "limit": (1, frozenset({"n"})),
    "rechunk": (0, frozenset[str]()),
    "sample": (
        1,
        frozenset({"n", "fraction", "with_replacement", "shuffle", "seed"}),
    ),
    "slice": (2, frozenset({"offset", "length"})),
    "tail": (1, frozenset({"n"})),
}

# Contexts, with their arguments that are not expressions, and the kind of the result.
_CONTEXTS = {
    "filter": (frozenset[str](), Kind.FRAME),
    "group_by": (frozenset({"maintain_order"}), Kind.GROUPS),
    "select": (frozenset[str](), Kind.OTHER),
    "sort": (
        frozenset({"descending", "nulls_last", "maintain_order", "multithreaded"}),
        Kind.FRAME,
    ),
    "with_columns": (frozenset[str](), Kind.FRAME),
}
# Methods of a series that return one of its elements, which may be a text.
_ELEMENTS = frozenset({"first", "last", "max", "min"})

# Contexts in which a keyword is a column, not the name of a new one.
_CONSTRAINED = frozenset({"filter"})


class PolarsForms:
    """The forms of a polars frame."""

    def attribute(self, _follower: Follower, kind: Kind, node: ast.Attribute) -> Kind:
        """Return the kind of ``frame.height``; others may depend on all columns."""
        is_height = node.attr == "height" and isinstance(node.ctx, ast.Load)
        if kind is Kind.FRAME and is_height:
            return Kind.DATA
        raise EscapeError

    def subscript(self, follower: Follower, kind: Kind, node: ast.Subscript) -> Kind:
        """Use columns by name, or rows by a slice."""
        if kind is not Kind.FRAME or not isinstance(node.ctx, ast.Load):
            raise EscapeError
        if isinstance(node.slice, ast.Slice):
            follower.plain(node.slice)
            return Kind.FRAME
        picked = follower.use_keys(node.slice)
        if picked is None:
            raise EscapeError
        return picked

    def indexer(self, _follower: Follower, node: ast.Subscript) -> Kind | None:
        """Return the kind of ``frame.shape[0]``."""
        return find_height(node)

    def method(self, follower: Follower, kind: Kind, node: ast.Call) -> Kind:
        """Return the kind of the result of one of the frame's methods."""
        assert isinstance(node.func, ast.Attribute)
        name = node.func.attr
        if kind is Kind.GROUPS:
            if name == "agg":
                _use_expressions(follower, node, frozenset(), is_constrained=False)
            elif name != "len" or node.args or node.keywords:
                raise EscapeError
            return Kind.OTHER
        if name in _ROWS:
            if not has_only(node, *_ROWS[name]):
                raise EscapeError
            follower.plain_arguments(node)
            return Kind.FRAME
        if name in _CONTEXTS:
            options, given = _CONTEXTS[name]
            _use_expressions(
                follower, node, options, is_constrained=name in _CONSTRAINED
            )
            return given
        if name in {"get_column", "drop_nulls"}:
            argument = "name" if name == "get_column" else "subset"
            given_keys = [*node.args, *keywords(node).values()]
            if len(given_keys) == 1 and has_only(node, 1, frozenset({argument})):
                picked = follower.use_keys(given_keys[0])
                if picked is not None:
                    return picked if name == "get_column" else Kind.FRAME
        raise EscapeError

    def computed(self, name: str, *, is_called: bool) -> Kind:
        """Return the kind of an attribute or a method's result of a series."""
        if not is_called:
            return Kind.SERIES if name in {"str", "dt", "list"} else Kind.OTHER
        if name in {"pipe", "map_elements", "map_batches", "item", "reduce"}:
            return Kind.OTHER
        return Kind.DATA if name in _ELEMENTS else Kind.SERIES

    def function(self, _follower: Follower, _node: ast.Call) -> Kind:
        """Return that nothing is known about a function's result."""
        return Kind.OTHER


def _use_expressions(
    follower: Follower,
    node: ast.Call,
    options: frozenset[str],
    *,
    is_constrained: bool,
) -> None:
    """Use the columns of all arguments that are expressions."""
    for argument in node.args:
        use_expression(follower, argument, names_column=True)
    for name, value in keywords(node).items():
        if name in options:
            follower.plain(value)
            continue
        if is_constrained:
            follower.use(name)
        use_expression(follower, value, names_column=not is_constrained)
