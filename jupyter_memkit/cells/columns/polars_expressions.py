"""Finds the columns that a polars expression uses.

It uses the columns that its parts name. The functions at its roots are a closed set
without those that stand for several columns: ``pl.all``, selectors, types and patterns.
The methods are a closed set too, without those that pass the expression to a function
of the user.
"""

from __future__ import annotations

import ast
import datetime as dt
import decimal
from typing import Any

from jupyter_memkit.cells.columns.cell import ABSENT
from jupyter_memkit.cells.columns.follow import Follower
from jupyter_memkit.cells.columns.kinds import (
    COMPUTED,
    EscapeError,
    Kind,
    keywords,
)
from jupyter_memkit.cells.columns.texts import is_certainly_no_text

# Functions of polars that name columns by strings, and need at least one.
_OF_COLUMNS = frozenset(
    {
        *("all_horizontal", "any_horizontal", "coalesce", "concat_list", "concat_str"),
        *("corr", "count", "cov", "cum_sum", "first", "implode", "last", "max"),
        *("max_horizontal", "mean", "mean_horizontal", "median", "min"),
        *("min_horizontal", "n_unique", "quantile", "std", "struct", "sum"),
        *("sum_horizontal", "var", "when"),
    }
)
# Functions whose strings are values.
_OF_VALUES = frozenset({"date", "datetime", "duration", "int_range", "len", "lit"})

_METHODS = frozenset(
    {
        *("abs", "add", "alias", "all", "and_", "any", "arg_max", "arg_min", "cast"),
        *("ceil", "clip", "count", "cum_count", "cum_max", "cum_min", "cum_sum", "cut"),
        *("diff", "drop_nans", "drop_nulls", "eq", "exp", "fill_nan", "fill_null"),
        *("filter", "first", "floor", "floordiv", "ge", "gt", "head", "hist"),
        *("implode", "is_between", "is_duplicated", "is_finite", "is_first_distinct"),
        *("is_in", "is_infinite", "is_nan", "is_not_nan", "is_not_null", "is_null"),
        *("is_unique", "last", "le", "len", "log", "log10", "log1p", "lt"),
        *("map_elements", "max", "mean", "median", "min", "mod", "mul", "n_unique"),
        *("ne", "neg", "not_", "null_count", "or_", "otherwise", "over", "pow"),
        *("product", "qcut", "quantile", "rank", "replace", "replace_strict"),
        *("reverse", "rolling_max", "rolling_mean", "rolling_min", "rolling_sum"),
        *("round", "shift", "sign", "skew", "slice", "sort", "sort_by", "sqrt", "std"),
        *("sub", "sum", "tail", "then", "top_k", "truediv", "unique", "var", "when"),
        *("xor",),
    }
)
# The methods of these accessors only act on values.
_ACCESSORS = frozenset({"arr", "bin", "cat", "dt", "list", "str"})
_NAMING = frozenset({"keep", "prefix", "suffix"})
# Methods with a type as an argument.
_TYPED = frozenset({"cast", "map_elements", "replace_strict", "strptime"})
# Methods that take any value, and strings only as values.
_VALUED = frozenset({"clip", "fill_nan", "fill_null", "is_between", "is_in"})

_CALLED = (dt.datetime, dt.date, dt.timedelta, decimal.Decimal)


def use_expression(
    follower: Follower, node: ast.expr, *, names_column: bool = False
) -> None:
    """Mark the columns of an expression as used.

    Parameters
    ----------
    follower : Follower
        Marks the columns.
    node : ast.expr
        The expression.
    names_column : bool
        Whether a string is certainly the name of a column, rather than possibly.

    Raises
    ------
    EscapeError
        If it may use other columns.
    """
    match node:
        case ast.Constant():
            _use_text(follower, node.value, names_column=names_column)
        case ast.Name():
            _use_names(follower, node, names_column=names_column)
        case ast.Starred():
            _use_names(follower, node.value, names_column=names_column)
        case ast.Attribute():
            _use_column_attribute(follower, node)
        case ast.Call():
            _use_call(follower, node)
        case ast.BinOp() | ast.UnaryOp() | ast.Compare():
            _use_operation(follower, node)
        case _:
            for item in _elements(follower, node):
                use_expression(follower, item, names_column=names_column)


def _elements(follower: Follower, node: ast.expr) -> list[ast.expr]:
    """Return the expressions in a literal collection or a comprehension."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return node.elts
    if not isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        raise EscapeError
    for generator in node.generators:
        for part in (generator.target, generator.iter, *generator.ifs):
            follower.plain(part)
    return [node.elt]


def _use_operation(
    follower: Follower, node: ast.BinOp | ast.UnaryOp | ast.Compare
) -> None:
    operands = _operands(node)
    is_of_values = isinstance(node, ast.BinOp) and all(map(_is_value, operands))
    if is_of_values and any(map(follower.find_keys, operands)):
        # Combined strings make another one, which may be a column.
        raise EscapeError
    for operand in operands:
        # Beside an expression, a text is a value.
        if is_of_values or not _is_computed_variable(follower, operand):
            _use_operand(follower, operand)


def _is_computed_variable(follower: Follower, node: ast.expr) -> bool:
    """Return whether an expression is a variable that the cell computes."""
    if not isinstance(node, ast.Name) or follower.find_keys(node) is not None:
        return False
    is_set = node.id in follower.cell.bindings
    return is_set and follower.plain(node) in COMPUTED


def _is_value(node: ast.expr) -> bool:
    return isinstance(node, (ast.Constant, ast.Name))


def _operands(node: ast.BinOp | ast.UnaryOp | ast.Compare) -> list[ast.expr]:
    parts = ast.iter_child_nodes(node)
    return [part for part in parts if isinstance(part, ast.expr)]


def _use_text(follower: Follower, value: Any, *, names_column: bool) -> None:
    if not isinstance(value, str):
        return
    if value.startswith("^") or value == "*":
        # A pattern, wherever a string is a name.
        raise EscapeError
    if names_column or value in follower.columns:
        follower.use(value)


def _use_names(follower: Follower, node: ast.expr, *, names_column: bool) -> None:
    """Use the strings that a variable can be, which must be a plain value."""
    found = follower.find_keys(node)
    for key in found or ():
        for text in [key] if isinstance(key, str) else key:
            _use_text(follower, text, names_column=names_column)
    if found is not None:
        return
    kind = follower.plain(node)
    if kind not in COMPUTED or not isinstance(node, ast.Name):
        raise EscapeError
    # A text that the cell makes may be a name or a pattern. So may what is taken for a
    # series; the frame then raises an error, which must be visible.
    may_be_text = kind is not Kind.SERIES or follower.cell.catches
    if may_be_text and node.id in follower.cell.bindings:
        if not is_certainly_no_text(follower.cell, node):
            raise EscapeError
        return
    value = follower.cell.namespace.get(node.id)
    for item in value if isinstance(value, (list, tuple, set, frozenset)) else [value]:
        _use_text(follower, item, names_column=False)


def _use_column_attribute(follower: Follower, node: ast.Attribute) -> None:
    """Use ``pl.col.price``."""
    column = node.value
    is_column = isinstance(column, ast.Attribute) and column.attr == "col"
    if not is_column or node.attr.startswith("_"):
        raise EscapeError
    assert isinstance(column, ast.Attribute)
    if not follower.cell.is_module(column.value, "polars"):
        raise EscapeError
    follower.use(node.attr)


def _use_operand(follower: Follower, node: ast.expr) -> None:
    """Use an operand, which may be computed from columns; a string is a value."""
    if _is_computed(follower, node):
        return
    use_expression(follower, node)


def _is_computed(follower: Follower, node: ast.expr) -> bool:
    """Return whether a value is computed from columns of the chunk itself."""
    root: ast.AST = node
    while isinstance(root, (ast.Attribute, ast.Call, ast.Subscript)):
        root = root.func if isinstance(root, ast.Call) else root.value
    if not isinstance(root, ast.Name) or root.id != follower.cell.name:
        return False
    return follower.plain(node) in COMPUTED


def _use_call(follower: Follower, node: ast.Call) -> None:
    function = node.func
    called = follower.cell.resolve(function)
    if called is not ABSENT and any(called is each for each in _CALLED):
        follower.plain_arguments(node)
    elif not isinstance(function, ast.Attribute):
        raise EscapeError
    elif follower.cell.is_module(function.value, "polars"):
        _use_function(follower, function.attr, node)
    else:
        _use_method(follower, function, node)


def _use_function(follower: Follower, name: str, node: ast.Call) -> None:
    if name == "col" and node.args and not node.keywords:
        for argument in node.args:
            if follower.find_keys(argument) is None:
                raise EscapeError
            use_expression(follower, argument, names_column=True)
    elif name in _OF_VALUES:
        for argument in (*node.args, *keywords(node).values()):
            if not _is_type(follower, argument):
                _use_operand(follower, argument)
    elif name in _OF_COLUMNS and (node.args or name == "when"):
        for argument in node.args:
            use_expression(follower, argument, names_column=True)
        for key, value in keywords(node).items():
            _use_keyword(follower, key)
            use_expression(follower, value)
    else:
        raise EscapeError


def _use_keyword(follower: Follower, name: Any) -> None:
    """Use a word that may be a column, like the keywords of `filter` and `when`."""
    if name in follower.columns:
        follower.use(name)


def _use_method(follower: Follower, function: ast.Attribute, node: ast.Call) -> None:
    owner, name = function.value, function.attr
    is_text = isinstance(owner, ast.Attribute) and owner.attr == "str"
    if isinstance(owner, ast.Attribute) and owner.attr in _ACCESSORS | {"name"}:
        if owner.attr == "name" and name not in _NAMING:
            raise EscapeError
        owner = owner.value
    elif name not in _METHODS:
        raise EscapeError
    use_expression(follower, owner)
    if name == "map_elements":
        # The function gets plain values.
        follower.plain_arguments(node)
        return
    for argument in node.args:
        if is_text and isinstance(argument, ast.Constant):
            # It may be a pattern, but one for values.
            _use_keyword(follower, argument.value)
        else:
            _use_argument(follower, name, argument)
    for key, value in keywords(node).items():
        _use_keyword(follower, key)
        _use_argument(follower, name, value)


def _use_argument(follower: Follower, method: str, node: ast.expr) -> None:
    if method in _TYPED and _is_type(follower, node):
        return
    if method in _VALUED and _is_computed(follower, node):
        return
    if method in {"replace", "replace_strict"} and isinstance(node, ast.Dict):
        for part in (*node.keys, *node.values):
            if part is None:
                raise EscapeError
            use_expression(follower, part)
        return
    use_expression(follower, node)


def _is_type(follower: Follower, node: ast.expr) -> bool:
    found = follower.cell.resolve(node)
    return isinstance(found, type) and found.__module__.startswith(
        ("polars.", "builtins")
    )
