"""Which columns of a chunk a cell uses, where its code proves it.

The name of the chunk is followed through the expressions that it stands in. An access
by a constant, ``chunk.price`` or ``chunk["price"]``, uses a column; some methods give a
frame that is followed on; anything else lets the frame escape, and all are read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

# Methods that give a frame with the same columns, whatever the others hold.
_SAME_FRAME = frozenset({"assign", "copy", "fillna", "head", "sample", "tail"})

# Methods that do so where the columns that they look at are named.
_NAMED_FRAME = {
    "drop_duplicates": "subset",
    "dropna": "subset",
    "set_index": "keys",
    "sort_values": "by",
}

# Methods of polars whose arguments are expressions: these choose columns, those add.
_CHOOSING = frozenset({"select", "agg"})
_ADDING = frozenset({"filter", "group_by", "sort", "with_columns"})
_ALL_COLUMNS = frozenset({"all", "exclude", "first", "last", "nth", "selectors"})

# What reads a variable by a name that no code shows.
_HIDDEN_READS = frozenset(
    {"dir", "eval", "exec", "get_ipython", "globals", "locals", "vars"}
)


class _Escape(Exception):  # noqa: N818 - a signal: all columns are needed
    """The whole frame goes where its use cannot be followed."""


def find_columns(
    tree: ast.AST, name: str, available: Iterable[str], namespace: Mapping[str, Any]
) -> tuple[str, ...] | None:
    """Return the columns that a cell uses.

    Parameters
    ----------
    tree : ast.AST
        The parsed cell.
    name : str
        The name of the chunk.
    available : iterable of str
        The columns that there are.
    namespace : mapping
        The user's variables, whose functions may read the chunk too.

    Returns
    -------
    tuple of str or None
        The columns in their order; None when all may be needed.

    Examples
    --------
    >>> tree = ast.parse("chunk.price.sum() + len(chunk)")
    >>> find_columns(tree, "chunk", ["id", "price"], {})
    ('price',)
    """
    known = list(available)
    follower = _Follower(name, set(known))
    try:
        if _reads_secretly(tree, name, namespace):
            return None
        follower.follow_all(tree)
    except _Escape:
        return None
    return tuple(column for column in known if column in follower.used)


# What an expression's value is, besides anything else.
_FRAME = "frame"
_GROUPS = "groups"


class _Follower:
    """Follows a frame through the code of a cell.

    Attributes
    ----------
    used : set of str
        The columns that were seen.
    """

    def __init__(self, name: str, columns: set[str]) -> None:
        self.used: set[str] = set()
        self._frames = {name}
        self._columns = columns
        # The cell's own, which are in no file.
        self._made: set[str] = set()

    def follow_all(self, tree: ast.AST) -> None:
        """Follow all statements, none of which may end with the frame."""
        for node in ast.iter_child_nodes(tree):
            if isinstance(node, ast.expr):
                self._follow_parts(node)
            else:
                self.follow_all(node)

    def _follow(self, node: ast.expr) -> str | None:
        """Follow an expression, and tell whether its value is the frame, or like it."""
        if isinstance(node, ast.Name):
            # To set or delete the name is to let go of the frame.
            is_read = node.id in self._frames and isinstance(node.ctx, ast.Load)
            return _FRAME if is_read else None
        if isinstance(node, ast.Attribute):
            self._follow_attribute(node)
            return None
        if isinstance(node, ast.Subscript):
            return self._follow_subscript(node)
        if isinstance(node, ast.Call):
            return self._follow_call(node)
        if isinstance(node, ast.Lambda):
            self._follow_parts(node.body)
            return None
        self.follow_all(node)
        return None

    def _follow_parts(self, node: ast.expr) -> None:
        if self._follow(node) is not None:
            raise _Escape

    def _use(self, name: str) -> None:
        """Take a column, which must be there."""
        if name in self._columns:
            self.used.add(name)
        elif name not in self._made:
            raise _Escape

    def _follow_attribute(self, node: ast.Attribute) -> None:
        if self._follow(node.value) is None:
            return
        if isinstance(node.ctx, ast.Store):
            self._made.add(node.attr)
        elif node.attr != "index":
            self._use(node.attr)

    def _follow_subscript(self, node: ast.Subscript) -> str | None:
        value = node.value
        if isinstance(value, ast.Attribute) and value.attr == "loc":
            if self._follow(value.value) == _FRAME:
                return self._follow_loc(node.slice)
            self._follow_parts(node.slice)
            return None
        kind = self._follow(value)
        if kind is None:
            self._follow_parts(node.slice)
            return None
        names = _constants(node.slice)
        if names is not None:
            if isinstance(node.ctx, ast.Store):
                self._made.update(names)
            for name in names:
                self._use(name)
            return None
        # Rows, chosen by a mask: but a variable may hold the name of a column.
        is_mask = isinstance(
            node.slice, (ast.Compare, ast.BinOp, ast.UnaryOp, ast.Call)
        )
        if kind == _GROUPS or not is_mask or not isinstance(node.ctx, ast.Load):
            raise _Escape
        self._follow_parts(node.slice)
        return _FRAME

    def _follow_loc(self, place: ast.expr) -> str | None:
        if not isinstance(place, ast.Tuple):
            self._follow_parts(place)
            return _FRAME
        rows, columns = place.elts[0], place.elts[-1]
        names = _constants(columns)
        if names is None or len(place.elts) != 2:
            raise _Escape
        self._follow_parts(rows)
        for name in names:
            self._use(name)
        return None

    def _follow_call(self, node: ast.Call) -> str | None:
        function = node.func
        if (
            isinstance(function, ast.Name)
            and function.id == "len"
            and len(node.args) == 1
        ):
            self._follow(node.args[0])
            return None
        if isinstance(function, ast.Attribute):
            kind = self._follow(function.value)
            if kind == _GROUPS:
                self._follow_group(function.attr, node)
                return None
            if kind == _FRAME and function.attr not in self._columns:
                return self._follow_method(function.attr, node)
            if kind == _FRAME:
                self._use(function.attr)
        else:
            self._follow_parts(function)
        for argument in _arguments(node):
            self._follow_parts(argument)
        return None

    def _follow_method(self, method: str, node: ast.Call) -> str | None:
        if method in _SAME_FRAME:
            if method == "assign":
                self._made.update(item.arg for item in node.keywords if item.arg)
            for argument in _arguments(node):
                self._follow_value(argument)
            return _FRAME
        if method in _NAMED_FRAME:
            self._use_named(node, _NAMED_FRAME[method])
            return _FRAME
        if method == "reset_index" and _is_true(node, "drop"):
            return _FRAME
        if method in {"column", "get_column"}:
            self._use_named(node, "name")
            return None
        if method == "groupby":
            self._use_keys(node)
            return _GROUPS
        if method in _CHOOSING | _ADDING:
            for argument in _arguments(node):
                self._use_expression(argument)
            kind = _GROUPS if method == "group_by" else _FRAME
            return kind if method in _ADDING else None
        raise _Escape

    def _follow_value(self, node: ast.expr) -> None:
        """Follow what becomes a column: a lambda gets the frame."""
        if not isinstance(node, ast.Lambda):
            self._follow_parts(node)
            return
        names = {item.arg for item in node.args.args} - self._frames
        self._frames |= names
        self._follow_parts(node.body)
        self._frames -= names

    def _follow_group(self, method: str, node: ast.Call) -> None:
        if method in {"size", "ngroup", "len"}:
            return
        if method != "agg":
            self._use(method)
        elif any(isinstance(item.value, ast.Tuple) for item in node.keywords):
            # Of pandas: agg(total=("price", "sum")).
            for item in node.keywords:
                names = _constants(item.value)
                self._use(names[0] if names else "")
        else:
            for argument in _arguments(node):
                self._use_expression(argument)

    def _use_keys(self, node: ast.Call) -> None:
        for argument in _arguments(node):
            for name in _constants(argument) or ():
                self._use(name)
            self._follow_parts(argument)

    def _use_named(self, node: ast.Call, keyword: str) -> None:
        """Take the columns that a method's first argument, or this one, names."""
        given = [item.value for item in node.keywords if item.arg == keyword]
        named = [*given, *node.args[:1]]
        names = _constants(named[0]) if named else None
        if names is None:
            raise _Escape
        for name in names:
            self._use(name)
        for argument in _arguments(node):
            self._follow_parts(argument)

    def _use_expression(self, node: ast.expr) -> None:
        """Take the columns of an expression of polars, none of which may be hidden."""
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                if part.value.startswith("^") or part.value == "*":
                    raise _Escape
                # Also the name of a new column, which is in no file.
                self.used.add(part.value)
            elif (isinstance(part, ast.Attribute) and part.attr in _ALL_COLUMNS) or (
                isinstance(part, ast.Name) and part.id not in {"pl", "polars"}
            ):
                raise _Escape


def _arguments(node: ast.Call) -> Iterator[ast.expr]:
    yield from node.args
    for keyword in node.keywords:
        yield keyword.value


def _constants(node: ast.expr) -> list[str] | None:
    """Return the text of a constant, or of a list of them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, (ast.List, ast.Tuple)) and node.elts:
        names = [_constants(item) for item in node.elts]
        if all(name is not None and len(name) == 1 for name in names):
            return [name[0] for name in names if name]
    return None


def _is_true(node: ast.Call, keyword: str) -> bool:
    return any(
        item.arg == keyword
        and isinstance(item.value, ast.Constant)
        and item.value.value is True
        for item in node.keywords
    )


def _reads_secretly(tree: ast.AST, name: str, namespace: Mapping[str, Any]) -> bool:
    """Tell whether something reads the chunk besides the code in sight."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in _HIDDEN_READS:
            return True
    return any(name in _names_in(value) for value in list(namespace.values()))


def _names_in(value: Any) -> set[str]:
    """Return the variables that a function, or a class's, of the notebook reads."""
    if type(value) is type:
        functions = [
            item for item in vars(value).values() if type(item) is FunctionType
        ]
        return set().union(*map(_names_in, functions)) if functions else set()
    if type(value) is not FunctionType or value.__module__ != "__main__":
        return set()
    return set(_code_names(value.__code__))


def _code_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_names(constant)
