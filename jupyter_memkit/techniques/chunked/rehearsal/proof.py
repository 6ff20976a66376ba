"""Proves from code alone that the values of a cell combine.

Only a closed list of forms of pandas counts as a proof: rows that are chosen one by
one, and sums, counts, extremes and distinct values of columns that are computed row by
row. A cell of another form may combine as well.
"""

from __future__ import annotations

import ast
import sys

from jupyter_memkit.techniques.chunked.rehearsal.row_wise import is_row_wise, is_rows

_ADDING = frozenset({"count", "size", "sum", "value_counts"})
# The statistics of these by their names.
_ADDING_NAMES = frozenset({"count", "size", "sum"})
# Where the rows and columns of a pivot table come from.
_AXES = frozenset({"columns", "index", "values"})
# Functions that change only the type of the value.
_CONVERTING = frozenset({"float", "int"})
_DISTINCT = frozenset({"list", "set", "tolist", "to_list", "unique"})


def is_proven(op: str, tree: ast.Module, chunk_name: str) -> bool:
    r"""Return whether the values of a cell are known to combine.

    Parameters
    ----------
    op : str
        The reduction.
    tree : ast.Module
        The cell.
    chunk_name : str
        The name of the chunk.

    Examples
    --------
    >>> def check(op, code):
    ...     return is_proven(op, ast.parse(code), "chunk")
    >>> check("sum", "late = chunk[chunk.delay > 15]\nlate.groupby('day').size()")
    True
    >>> check("sum", "chunk.delay.max()"), check("max", "chunk.delay.max()")
    (False, True)
    >>> check("sum", "(chunk.price * chunk.n).groupby(chunk.day).sum()")
    True
    >>> check("sum", "chunk.groupby('day').agg({'n': ['sum', 'count']})")
    True
    >>> check("sum", "chunk.groupby('day').agg(n=('price', 'mean'))")
    False
    """
    value = _inline(tree)
    prover = _Prover(chunk_name)
    match op, value:
        case _, None:
            return False
        case "sum", _:
            return prover.adds_up(value)
        case (("concat" | "count"), _):
            return prover.is_rows(value) or prover.is_column(value)
        case (("max" | "min"), ast.Call(func=ast.Attribute(value=column, attr=name))):
            is_known = prover.is_column(column) or prover.is_grouped(column)
            return name == op and is_known
        case "union", _:
            return prover.is_distinct(value)
    return False


def _inline(tree: ast.Module) -> ast.expr | None:
    """Return a cell's value without the names that it sets; None if it does more."""
    # All trees share their operators. What shows tracebacks attaches other trees to
    # them, which `deepcopy` would copy as well.
    tree = ast.parse(ast.unparse(tree))
    known: dict[str, ast.expr] = {}
    for statement in tree.body[:-1]:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                known[name] = _Inliner(known).visit(value)
            case ast.Import() | ast.ImportFrom():
                continue
            case _:
                return None
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return None
    value = _Inliner(known).visit(last.value)
    return value if isinstance(value, ast.expr) else None


class _Inliner(ast.NodeTransformer):
    """Replaces names by their expressions."""

    def __init__(self, known: dict[str, ast.expr]) -> None:
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return the expression of a name."""
        return self._known.get(node.id, node)


def _are_sums(statistics: list[ast.expr]) -> bool:
    """Return whether statistics by name, if there are some, all add up."""
    return bool(statistics) and all(map(_is_sum, statistics))


def _is_sum(statistic: ast.expr) -> bool:
    match statistic:
        case ast.Constant(value=name):
            return name in _ADDING_NAMES
        case ast.List(elts=several) | ast.Dict(values=several):
            return _are_sums(several)
        # As in `agg(total=("price", "sum"))`.
        case ast.Tuple(elts=[ast.Constant(), one]):
            return _is_sum(one)
    return False


class _Prover:
    """Recognizes the forms."""

    def __init__(self, chunk_name: str) -> None:
        self._chunk_name = chunk_name

    def adds_up(self, node: ast.expr) -> bool:
        """Return whether an expression is a sum over all rows."""
        match node:
            case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
                return self.adds_up(left) and self.adds_up(right)
            case ast.BinOp(op=ast.Mult() | ast.Div(), right=ast.Constant()):
                return self.adds_up(node.left)
            case ast.Call(func=ast.Name(id=name), args=[value], keywords=[]):
                if name == "len":
                    return self.is_rows(value) or self.is_column(value)
                return name in _CONVERTING and self.adds_up(value)
            case ast.Call(func=ast.Attribute(attr=name), args=[], keywords=[]):
                place = node.func.value  # type: ignore[attr-defined] # of an attribute
                return self._is_total(place, name)
        return self._adds_by_name(node)

    def _adds_by_name(self, node: ast.expr) -> bool:
        """Return whether an expression is sums and counts that are given by name."""
        match node:
            case ast.Call(
                func=ast.Attribute(value=place, attr="agg" | "aggregate"),
                args=given,
                keywords=pairs,
            ):
                named = [pair.value for pair in pairs]
                return _are_sums([*given, *named]) and self.is_grouped(place)
            case ast.Call(
                func=ast.Attribute(value=place, attr="pivot_table"),
                args=[],
                keywords=pairs,
            ):
                options = {pair.arg: pair.value for pair in pairs}
                statistic = options.pop("aggfunc", ast.Constant("mean"))
                is_plain = _AXES.issuperset(options) and all(
                    isinstance(each, (ast.Constant, ast.List))
                    for each in options.values()
                )
                return is_plain and _are_sums([statistic]) and self.is_rows(place)
        return False

    def _is_total(self, place: ast.expr, method: str) -> bool:
        if method == "to_dict":
            return self.adds_up(place)
        return method in _ADDING and (
            self.is_column(place) or self.is_rows(place) or self.is_grouped(place)
        )

    def is_distinct(self, node: ast.expr) -> bool:
        """Return whether an expression is the values of a column."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=[value], keywords=[]):
                return name in _DISTINCT and self.is_distinct(value)
            case ast.Call(
                func=ast.Attribute(value=place, attr=name), args=[], keywords=[]
            ) if name in _DISTINCT:
                return self.is_distinct(place)
        return self.is_column(node)

    def is_rows(self, node: ast.expr) -> bool:
        """Return whether an expression is rows of the chunk, or columns of them."""
        match node:
            case ast.Subscript(value=place, slice=ast.List()):
                return self.is_rows(place)
            case ast.Call(
                func=ast.Attribute(value=place, attr="assign"), args=[], keywords=pairs
            ):
                columns = [pair.value for pair in pairs if pair.arg is not None]
                return (
                    len(columns) == len(pairs)
                    and self.is_rows(place)
                    and all(map(self.is_column, columns))
                )
        return is_rows(node, self._chunk_name, ()) and self._has_columns_only(node)

    def is_column(self, node: ast.expr) -> bool:
        """Return whether an expression is a column that is computed row by row."""
        match node:
            case (
                ast.Attribute(value=place)
                | ast.Subscript(value=place, slice=ast.Constant())
            ) if self.is_rows(place):
                return self._has_columns_only(node)
            case ast.Subscript(
                value=ast.Attribute(attr="loc"),
                slice=ast.Tuple(elts=[mask, ast.Constant()]),
            ):
                chosen = ast.Subscript(value=node.value, slice=mask, ctx=ast.Load())
                return self.is_rows(chosen)
        return (
            not isinstance(node, (ast.Name, ast.Constant))
            and is_row_wise(node, ())
            and self._has_columns_only(node)
        )

    def is_grouped(self, node: ast.expr) -> bool:
        """Return whether an expression is the groups of rows, or columns of them."""
        match node:
            case ast.Attribute(value=place) | ast.Subscript(value=place):
                return self.is_grouped(place)
            case ast.Call(func=ast.Attribute(value=place, attr="groupby"), args=[key]):
                is_column = self.is_column(key)
                is_key = is_column or isinstance(key, (ast.Constant, ast.List))
                return (is_key and self.is_rows(place)) or (
                    is_column and self.is_column(place)
                )
        return False

    def _has_columns_only(self, node: ast.expr) -> bool:
        """Return whether no attribute of rows is one of the frame, such as its size."""
        frame = getattr(sys.modules.get("pandas"), "DataFrame", None)
        return not any(
            hasattr(frame, each.attr)
            for each in ast.walk(node)
            if isinstance(each, ast.Attribute)
            and isinstance(each.value, ast.Name)
            and each.value.id == self._chunk_name
            and each.attr not in {"loc", "query"}
        )
