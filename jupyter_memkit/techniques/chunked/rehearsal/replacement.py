"""Finds the call of `partial` that replaces a statistic that does not add up."""

from __future__ import annotations

import ast
import keyword
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jupyter_memkit.techniques.chunked.rehearsal.row_wise import is_row_wise, is_rows
from jupyter_memkit.techniques.chunked.rehearsal.statistic_calls import (
    STATISTICS,
    StatisticCall,
    read_call,
    read_constant,
)

# They round or arrange the statistics only.
_FUNCTIONS_AROUND = frozenset({"float", "int", "round"})
_METHODS_AROUND = frozenset({"reset_index", "round", "sort_index", "sort_values"})

# Options of groupby that change no values.
_ARRANGING = frozenset({"as_index", "group_keys", "sort"})


def find_replacement(
    tree: ast.Module, chunk_name: str, namespace: Mapping[str, Any]
) -> str | None:
    """Return the line that computes the same statistic over all chunks.

    Parameters
    ----------
    tree : ast.Module
        The cell.
    chunk_name : str
        The name of the chunk.
    namespace : mapping
        The user's variables, in which the package may have a name.

    Returns
    -------
    str or None
        The last line of the cell, for ``--reduce merge``; None if there is none.

    Examples
    --------
    >>> cell = ast.parse("chunk.groupby('store').price.mean()")
    >>> find_replacement(cell, "chunk", {"memkit": sys.modules["jupyter_memkit"]})
    "memkit.partial(chunk, by='store').agg(price='mean')"
    """
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return None
    node = _unwrap(last.value)
    if not isinstance(node, ast.Call):
        return None
    reader = _Reader(tree, chunk_name, namespace)
    code = reader.read_pivot(node) or reader.read(node)
    if code is None:
        return None
    package = sys.modules["jupyter_memkit"]
    names = [name for name, value in list(namespace.items()) if value is package]
    line = f"{names[0] if names else 'memkit'}.partial({code}"
    return line if names else f"{line}, after import jupyter_memkit as memkit"


def _unwrap(node: ast.expr) -> ast.expr:
    """Return the statistic in round(chunk.price.mean(), 3), for instance."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if (
            name in _FUNCTIONS_AROUND
        ):
            return _unwrap(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr=name)) if (
            name in _METHODS_AROUND
        ):
            return _unwrap(inner)
    return node


class _Reader:
    """Reads statistics of a chunk from the code of a cell.

    What it returns is the arguments of `partial` and the call of ``agg``, as code.
    """

    def __init__(
        self, tree: ast.Module, chunk_name: str, namespace: Mapping[str, Any]
    ) -> None:
        self._chunk_name = chunk_name
        self._namespace = namespace
        self._local = {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        } - {chunk_name}

    def read(self, node: ast.Call) -> str | None:
        """Read a statistic of columns."""
        call = read_call(node, self._namespace)
        if call is None:
            return None
        call = _take_columns(call)
        place, by = call.place, ""
        if isinstance(place, ast.Call) and getattr(place.func, "attr", "") == "groupby":
            read = self._read_groups(place)
            if read is None:
                return None
            place, by = read
        elif call.needs_groups:
            return None
        return self._write(place, by, call)

    def read_pivot(self, node: ast.Call) -> str | None:
        """Read a pivot table, of which `partial` has the long form."""
        if not isinstance(node.func, ast.Attribute) or node.func.attr != "pivot_table":
            return None
        place, given = node.func.value, list(node.args)
        module = self._namespace.get(place.id) if isinstance(place, ast.Name) else None
        if given and module is not None and module is sys.modules.get("pandas"):
            place = given.pop(0)
        names = ("values", "index", "columns", "aggfunc")
        options: dict[str | None, ast.expr] = dict(zip(names, given, strict=False))
        options |= {each.arg: each.value for each in node.keywords}
        how = read_constant(options.pop("aggfunc", ast.Constant(value="mean")))
        columns = _read_names(options.pop("values", None))
        keys = [
            _read_names(options.pop(name)) or [""]
            for name in ("index", "columns")
            if name in options
        ]
        by = [name for names in keys for name in names]
        if options or how not in STATISTICS or not columns or not by or "" in by:
            return None
        call = StatisticCall(
            place=place, columns=dict.fromkeys(columns, STATISTICS[how])
        )
        return self._write(place, f", by={by}", call)

    def _read_groups(self, node: ast.Call) -> tuple[ast.expr, str] | None:
        """Return the rows of a call of groupby, and the arguments for its keys."""
        options = {
            each.arg: each.value for each in node.keywords if each.arg not in _ARRANGING
        }
        keys = [*node.args, *filter(None, [options.pop("by", None)])]
        dropna = read_constant(options.pop("dropna", ast.Constant(value=True)))
        observed = read_constant(options.pop("observed", ast.Constant(value=True)))
        if len(keys) != 1 or options or observed is not True:
            return None
        if type(dropna) is not bool or not is_row_wise(keys[0], self._local):
            return None
        by = f", by={ast.unparse(keys[0])}"
        rows: ast.expr = node.func.value  # type: ignore[attr-defined] # of an attribute
        return rows, by if dropna else f"{by}, dropna=False"

    def _write(self, place: ast.expr, by: str, call: StatisticCall) -> str | None:
        if not is_rows(place, self._chunk_name, self._local):
            return None
        rows = ast.unparse(place)
        statistics = (
            _write_of_numbers(rows, by, call.columns[""])
            if call.is_of_numbers
            else _write_columns(call.columns)
        )
        return None if statistics is None else f"{rows}{by}).agg({statistics})"


def _take_columns(call: StatisticCall) -> StatisticCall:
    """Return a call with the columns that its place selects, as far as it does."""
    read = _read_columns(call.place)
    if read is None or list(call.columns) != [""]:
        return call
    place, names = read
    columns = dict.fromkeys(names, call.columns[""])
    return replace(call, place=place, columns=columns, is_of_numbers=False)


def _read_columns(node: ast.expr) -> tuple[ast.expr, list[str]] | None:
    """Return what columns are selected from, and their names."""
    match node:
        case ast.Attribute(value=place, attr=name):
            frame = getattr(sys.modules.get("pandas"), "DataFrame", None)
            # chunk.index, for example, is not a column.
            return None if hasattr(frame, name) else (place, [name])
        case ast.Subscript(
            value=ast.Attribute(value=place, attr="loc"),
            slice=ast.Tuple(elts=[mask, columns]),
        ):
            if ast.unparse(mask) != ":":
                place = ast.Subscript(value=place, slice=mask, ctx=ast.Load())
        case ast.Subscript(value=place, slice=columns):
            pass
        case _:
            return None
    names = _read_names(columns)
    return None if names is None else (place, names)


def _read_names(node: ast.expr | None) -> list[str] | None:
    """Return the names in a text, or in a list of texts."""
    values = node.elts if isinstance(node, ast.List) else [node]
    names = [read_constant(value) for value in values]
    return names if names and all(type(name) is str for name in names) else None


def _write_columns(columns: Mapping[str, str]) -> str | None:
    """Return the statistics as arguments; None if they are of unknown columns."""
    if "" in columns:
        return None
    if all(name.isidentifier() and not keyword.iskeyword(name) for name in columns):
        return ", ".join(f"{name}={how}" for name, how in columns.items())
    pairs = ", ".join(f"{name!r}: {how}" for name, how in columns.items())
    return f"**{{{pairs}}}"


def _write_of_numbers(rows: str, by: str, statistic: str) -> str | None:
    """Return a statistic of all columns of numbers, except those of keys."""
    names = f"{rows}.select_dtypes(['number', 'bool'], 'timedelta').columns"
    if by:
        keys = by.removeprefix(", by=").removesuffix(", dropna=False")
        if _read_names(ast.parse(keys, mode="eval").body) is None:
            return None
        names += f".drop({keys}, errors='ignore')"
    return f"**dict.fromkeys({names}, {statistic})"
