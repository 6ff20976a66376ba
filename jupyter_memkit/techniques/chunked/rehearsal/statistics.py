"""Finds statistics in a cell's code that do not add up, and their replacement."""

from __future__ import annotations

import ast
from itertools import chain

from jupyter_memkit.cells.purity import find_functions
from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.last_sort import split_last_sort
from jupyter_memkit.techniques.chunked.rehearsal.proof import is_proven
from jupyter_memkit.techniques.chunked.rehearsal.replacement import find_replacement
from jupyter_memkit.techniques.chunked.rehearsal.statistic_calls import read_constant
from jupyter_memkit.techniques.chunked.rehearsal.value_parts import find_parts

# Methods whose values over chunks do not combine, by their names in messages.
_NAMES = {
    **dict.fromkeys(("mean", "average", "avg", "nanmean", "fmean"), "a mean"),
    **dict.fromkeys(("median", "nanmedian", "approximate_median"), "a median"),
    **dict.fromkeys(("quantile", "percentile", "nanpercentile"), "a quantile"),
    **dict.fromkeys(("std", "stdev", "nanstd", "sem", "stddev"), "a deviation"),
    **dict.fromkeys(("var", "nanvar", "variance"), "a variance"),
    **dict.fromkeys(("skew", "kurt", "kurtosis"), "a moment"),
    **dict.fromkeys(("nunique", "n_unique", "count_distinct"), "a distinct count"),
    **dict.fromkeys(("corr", "cov", "corrcoef", "corrwith"), "a correlation"),
    **dict.fromkeys(("nlargest", "top_k"), "a list of the largest"),
    **dict.fromkeys(("nsmallest", "bottom_k"), "a list of the smallest"),
    **dict.fromkeys(("idxmax", "idxmin", "argmax", "argmin"), "a position"),
    **dict.fromkeys(("head", "tail", "first", "last", "nth"), "a choice of rows"),
    **dict.fromkeys(("rank", "pct_change"), "a rank"),
    **dict.fromkeys(("fit", "fit_transform"), "a fitted model"),
    "describe": "a description",
    "mode": "a mode",
    "score": "a score",
}
_ROW_CHOICES = frozenset({"iloc", "iat"})
# What a few rows may not show, such as the first ten of fewer groups.
_CHOICES = frozenset(
    {"a choice of rows", "a list of the largest", "a list of the smallest"}
)
_SORTING = frozenset(
    {"argsort", "most_common", "sort", "sort_by", "sort_index", "sort_values"}
)


def find_statistic(tree: ast.Module) -> str | None:
    """Return the name of the statistic in a cell's value that does not add up, if any.

    Examples
    --------
    >>> find_statistic(ast.parse("round(chunk.p.mean(), 3)"))
    'a mean'
    >>> find_statistic(ast.parse("chunk.p.sum()"))
    """
    return next(filter(None, map(_name, find_parts(tree))), None)


def find_choice(tree: ast.Module) -> str | None:
    """Return the name of the choice of rows that is a cell's value, if it is one.

    Examples
    --------
    >>> find_choice(ast.parse("chunk.store.value_counts().head(10)"))
    'a choice of rows'
    >>> find_choice(ast.parse("(chunk.p - chunk.p.iloc[0]).sum()"))
    """
    names = map(_name, find_parts(tree, is_split=False))
    return next((name for name in names if name in _CHOICES), None)


def sorts(tree: ast.Module, *besides: str) -> bool:
    """Return whether a cell sorts something, also by these other methods."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr in {*_SORTING, *besides})
        or (isinstance(node, ast.Name) and node.id == "sorted")
        or _is_sorted_query(node)
        for node in ast.walk(tree)
    )


def _is_sorted_query(node: ast.AST) -> bool:
    """Return whether a node is the text of a query in SQL that sorts."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and "order by" in node.value.lower()
    )


def reject_choice(op: str, body: CellBody) -> None:
    """Reject a cell whose value is a choice of rows, which does not add up.

    Raises
    ------
    ReduceError
        If it is.
    """
    if op == "sum" and find_choice(body.tree) is not None:
        raise ReduceError(_describe(op, body))


def reject_statistic(op: str, body: CellBody) -> None:
    """Reject a cell whose code shows that its values do not combine.

    Raises
    ------
    ReduceError
        If it does; the message has the replacement.
    """
    if op not in {"sum", "min", "max"}:
        return
    name = find_statistic(body.tree)
    if any(map(_is_partial, find_parts(body.tree))):
        return  # The run says that it has to be merged.
    if name is None or (op != "sum" and name in {"a choice of rows", "a ratio"}):
        return
    raise ReduceError(_describe(op, body))


def _is_partial(node: ast.expr) -> bool:
    """Return whether an expression is a call such as ``memkit.partial(chunk)``."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name == "partial"
    return False


def _describe(op: str, body: CellBody) -> str:
    return (
        f"the {op} of the per-chunk values is not the result for all the data: "
        f"{advise(op, body)}"
    )


def advise(op: str, body: CellBody) -> str:
    """Return why the values of a cell do not combine, as far as known, and a remedy."""
    name = find_statistic(body.tree)
    line = find_replacement(body.tree, body.name, body.namespace)
    does_not = {"sum": "add up", "count": "add up"}.get(op, "combine")
    reason = f"{name or 'what it computes'} does not {does_not}"
    if line is not None:
        return f"{reason}; use --reduce merge, and end the cell with {line}"
    chosen = _find_choice_of_sums(body)
    if chosen is not None:
        sums, call = chosen
        return f"{reason}; end the cell with {sums}, and call {call} on the result"
    return (
        f"{reason}; end the cell with a value that does, such as a sum, a count or a "
        "memkit.partial(...) with --reduce merge, or use --collect to keep the value "
        "of each chunk"
    )


def _find_choice_of_sums(body: CellBody) -> tuple[str, str] | None:
    """Return the sums in a cell that ends with a choice of them, and the call for it.

    None if they are not proven to add up.
    """
    last = body.tree.body[-1]
    match last:
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=sums, attr=method)) as call
        ) if _NAMES.get(method) in _CHOICES:
            unsorted, _ = split_last_sort(sums)
        case _:
            return None
    tree = ast.Module([*body.tree.body[:-1], ast.Expr(unsorted)], [])
    if not is_proven("sum", tree, body.name):
        return None
    code = ast.unparse(sums)
    return code, ast.unparse(call).removeprefix(code)


def _name(node: ast.expr) -> str | None:
    """Return the name of the statistic in an expression, if it does not add up."""
    match node:
        case ast.Call(func=ast.Attribute(attr=method)):
            return _name_call(node, method)
        case ast.Call(func=ast.Name(id="len"), args=[ast.Call() as inner]):
            is_unique = getattr(inner.func, "attr", getattr(inner.func, "id", ""))
            return "a distinct count" if is_unique in {"unique", "set"} else None
        case ast.Call(func=ast.Name(id=name)):
            return _NAMES.get(name)
        case ast.Subscript(value=ast.Attribute(attr=name)) if name in _ROW_CHOICES:
            return None if isinstance(node.slice, ast.Tuple) else "a choice of rows"
        case ast.BinOp(op=ast.Div()) if _is_total(node.left) and _is_total(node.right):
            return "a ratio"
    return None


def _name_call(node: ast.Call, method: str) -> str | None:
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    if read_constant(named.get("axis")) in {1, "columns", "index"}:
        return None
    if method in {"agg", "aggregate", "apply", "transform"}:
        texts = [
            part.value
            for part in ast.walk(ast.Tuple([*node.args, *named.values()], ast.Load()))
            if isinstance(part, ast.Constant)
        ]
        return next((_NAMES[text] for text in texts if text in _NAMES), None)
    if method == "pivot_table":
        how = named.get("aggfunc")
        return "a mean" if how is None else _NAMES.get(str(read_constant(how)))
    if method in {"value_counts", "crosstab"}:
        return "a share" if named.get("normalize") is not None else None
    return _NAMES.get(method) or _name_query(node)


def _name_query(node: ast.Call) -> str | None:
    """Return the name of the statistic in the query that a call runs."""
    texts = map(read_constant, node.args)
    functions = [find_functions(text) for text in texts if type(text) is str]
    return next((_NAMES[each] for each in chain(*functions) if each in _NAMES), None)


def _is_total(node: ast.expr) -> bool:
    """Return whether an expression is a sum or a count over the chunk."""
    match node:
        case ast.Call(func=ast.Name(id="len" | "sum")):
            return True
        case ast.Call(func=ast.Attribute(attr=method)):
            return method in {"sum", "count", "size"}
    return False
