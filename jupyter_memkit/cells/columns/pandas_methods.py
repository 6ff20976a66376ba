"""The modelled methods of a pandas frame, and the columns that each of them uses."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from jupyter_memkit.cells.columns.follow import Follower
from jupyter_memkit.cells.columns.kinds import (
    COMPUTED,
    EscapeError,
    Kind,
    arguments,
    has_only,
    is_true,
    keywords,
)

# Methods that return rows of the frame, with the arguments that do not depend on
# columns: the number of positional ones, and the keywords.
_ROWS = {
    "copy": (1, frozenset({"deep"})),
    "head": (1, frozenset({"n"})),
    "sample": (
        2,
        frozenset({"n", "frac", "replace", "random_state", "ignore_index"}),
    ),
    "sort_index": (0, frozenset({"ascending", "kind", "na_position"})),
    "tail": (1, frozenset({"n"})),
}

# Methods that do so by named columns: the argument that names them, its position, and
# the other arguments.
_KEYED = {
    "drop": ("columns", None, frozenset({"errors"})),
    "drop_duplicates": ("subset", 0, frozenset({"keep", "ignore_index"})),
    "dropna": ("subset", None, frozenset({"how", "thresh", "ignore_index"})),
    "nlargest": ("columns", 1, frozenset({"n", "keep"})),
    "nsmallest": ("columns", 1, frozenset({"n", "keep"})),
    "set_index": ("keys", 0, frozenset({"drop", "append"})),
    "sort_values": (
        "by",
        0,
        frozenset({"ascending", "kind", "na_position", "ignore_index", "key"}),
    ),
}
# Methods whose result only depends on the named columns.
_COUNTED = {
    "duplicated": ("subset", 0, frozenset({"keep"})),
    "value_counts": (
        "subset",
        0,
        frozenset({"normalize", "sort", "ascending", "dropna"}),
    ),
}

_GROUPING = frozenset({"by", "as_index", "sort", "group_keys", "observed", "dropna"})
_GROUPER = frozenset({"key", "freq", "sort", "closed", "label", "origin", "offset"})


def frame_method(follower: Follower, name: str, node: ast.Call) -> Kind:
    """Return the kind of the result of a frame's method.

    Raises
    ------
    EscapeError
        If the method, or one of its arguments, may use other columns.
    """
    if name in _ROWS:
        if not has_only(node, *_ROWS[name]):
            raise EscapeError
        follower.plain_arguments(node)
        return Kind.FRAME
    if name in _KEYED:
        _use_keyed(follower, node, *_KEYED[name])
        return Kind.FRAME
    if name in _COUNTED:
        _use_keyed(follower, node, *_COUNTED[name])
        return Kind.SERIES if name == "duplicated" else Kind.OTHER
    if name not in _OTHERS:
        raise EscapeError
    return _OTHERS[name](follower, node)


def use_aggregated(follower: Follower, node: ast.Call) -> None:
    """Use the columns in ``{"q": "sum"}`` or ``total=("q", "sum")``."""
    is_mapping = len(node.args) == 1 and not node.keywords
    if is_mapping and follower.use_mapped(node.args[0]):
        return
    named = keywords(node)
    if node.args or not named:
        raise EscapeError
    for value in named.values():
        if isinstance(value, ast.Tuple) and len(value.elts) == 2:
            column, statistic = value.elts
        elif _is_named_aggregation(follower, value):
            assert isinstance(value, ast.Call)
            given = keywords(value)
            column, statistic = given["column"], given["aggfunc"]
        else:
            raise EscapeError
        if follower.use_keys(column) is not Kind.SERIES:
            raise EscapeError
        follower.plain(statistic)


def _is_named_aggregation(follower: Follower, node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and follower.cell.calls_pandas(node, "NamedAgg")
        and not node.args
        and keywords(node).keys() == {"column", "aggfunc"}
    )


def _use_keyed(
    follower: Follower,
    node: ast.Call,
    keyword: str,
    position: int | None,
    others: frozenset[str],
) -> None:
    """Use the columns that an argument names, which must be given."""
    given = keywords(node)
    positional = 0 if position is None else position + 1
    if not has_only(node, positional, others | {keyword}):
        raise EscapeError
    named = given.get(keyword)
    if named is None and position is not None and len(node.args) > position:
        named = node.args[position]
    if named is None or follower.use_keys(named) is None:
        raise EscapeError
    for argument in arguments(node):
        if argument is not named:
            follower.plain(argument)


def _group(follower: Follower, node: ast.Call) -> Kind:
    if not has_only(node, 1, _GROUPING):
        raise EscapeError
    given = keywords(node)
    by = [*node.args[:1], *([given["by"]] if "by" in given else [])]
    if len(by) != 1:
        raise EscapeError
    keys = by[0]
    if follower.use_keys(keys) is None:
        for key in keys.elts if isinstance(keys, ast.List) else [keys]:
            _use_group_key(follower, key)
    for name, value in given.items():
        if name != "by":
            follower.plain(value)
    return Kind.GROUPS


def _use_group_key(follower: Follower, key: ast.expr) -> None:
    """Use a key: a name, a series, or a ``pd.Grouper`` with a named column."""
    if follower.use_keys(key) is Kind.SERIES:
        return
    if follower.cell.calls_pandas(key, "Grouper"):
        assert isinstance(key, ast.Call)
        named = keywords(key).get("key")
        if named is None or not has_only(key, 0, _GROUPER):
            raise EscapeError
        if follower.use_keys(named) is not Kind.SERIES:
            raise EscapeError
        follower.plain_arguments(key)
        return
    if follower.plain(key) is not Kind.SERIES:
        raise EscapeError


def _assign(follower: Follower, node: ast.Call) -> Kind:
    """Use the values of new columns; a function among them would get the frame."""
    if node.args:
        raise EscapeError
    for value in keywords(node).values():
        if (
            follower.given_frame(value) is None
            and follower.plain(value) not in COMPUTED
        ):
            raise EscapeError
    return Kind.FRAME


def _rename(follower: Follower, node: ast.Call) -> Kind:
    """Use old and new names, since a column may already have the new name."""
    columns = keywords(node).get("columns")
    if not has_only(node, 0, frozenset({"columns"})):
        raise EscapeError
    if not isinstance(columns, ast.Dict) or not follower.use_mapped(columns):
        raise EscapeError
    for value in columns.values:
        if follower.use_keys(value) is not Kind.SERIES:
            raise EscapeError
    return Kind.FRAME


def _reset_index(_follower: Follower, node: ast.Call) -> Kind:
    # Otherwise the index becomes a column whose name depends on the others.
    if not has_only(node, 0, frozenset({"drop"})) or not is_true(
        keywords(node).get("drop")
    ):
        raise EscapeError
    return Kind.FRAME


def _astype(follower: Follower, node: ast.Call) -> Kind:
    if len(node.args) != 1 or node.keywords or not follower.use_mapped(node.args[0]):
        raise EscapeError
    return Kind.FRAME


def _aggregate(follower: Follower, node: ast.Call) -> Kind:
    if len(node.args) != 1 or node.keywords or not follower.use_mapped(node.args[0]):
        raise EscapeError
    return Kind.OTHER


_OTHERS: Mapping[str, Callable[[Follower, ast.Call], Kind]] = {
    "agg": _aggregate,
    "aggregate": _aggregate,
    "assign": _assign,
    "astype": _astype,
    "groupby": _group,
    "rename": _rename,
    "reset_index": _reset_index,
}
