"""Finds the line of a cell that stored into a variable, from the cells' code."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from jupyter_memkit.cells.cell_parts import read_latest_parts
from jupyter_memkit.cells.parsing import parse
from jupyter_memkit.cells.stores import Scope, Steps, Store, find_stores, read_place

# Calls whose results have no graph.
_PLAIN_METHODS = frozenset({"detach", "item", "numpy", "tolist"})
_PLAIN_FUNCTIONS = frozenset({"bool", "deque", "defaultdict", "float", "int", "len"})


def find_store(
    cells: Sequence[str],
    name: str,
    steps: Steps = (),
    class_names: Collection[str] = (),
    *,
    is_local: bool = False,
) -> Store | None:
    r"""Find the last line that stored something with a graph into a variable.

    Parameters
    ----------
    cells : sequence of str
        The code of the cells by number, as in IPython's ``In``.
    name : str
        The variable.
    steps : tuple of (str or None)
        The code of the steps to the part of it, from outside to inside.
    class_names : collection of str
        The names of its type and the bases, whose methods may store into it.
    is_local : bool
        Whether it is a variable of a function, so that the name refers to it only
        there.

    Returns
    -------
    Store or None
        The line; never one that stores a number, such as ``total = 0``. One that only
        scales, such as ``total /= n``, counts only if there is no other.

    Examples
    --------
    >>> cells = ["", "total = 0\nfor x in data:\n    total += f(x)"]
    >>> store = find_store(cells, "total")
    >>> store.cell, store.line, store.text
    (1, 3, 'total += f(x)')
    """
    found: Store | None = None
    best = (-1, 0)
    for number, code, offset in read_latest_parts(cells):
        lines = code.splitlines()
        for store, scope in find_stores(parse(code)):
            is_stored = _may_be(scope, store, name, is_local=is_local)
            is_stored |= _is_of_method(scope, store, class_names)
            is_stored &= _concerns(store, steps) and not _is_plain(store.value)
            rank = _rank(store)
            if not is_stored or rank < best:
                continue
            best = rank
            in_place = store.kind == "store" and len(store.steps) > len(steps)
            found = replace(
                store,
                kind="augment" if in_place else store.kind,
                cell=number,
                line=store.line + offset,
                text=lines[store.line - 1].strip(),
            )
    return found


def _may_be(scope: Scope, store: Store, name: str, *, is_local: bool) -> bool:
    """Return whether a line stores into a variable, and not another of its name."""
    own = scope.own_globals
    if store.name != name:
        return False
    if is_local:
        return own is not None and name not in own
    # What a function binds is its own, unless it is declared global.
    is_bound = store.kind in ("bind", "augment") and not store.steps
    return not is_bound or own is None or name in own


def _is_of_method(scope: Scope, store: Store, class_names: Collection[str]) -> bool:
    """Return whether a line of a method stores into the object that it belongs to."""
    return scope.class_name in class_names and scope.self_name == store.name


def _concerns(store: Store, steps: Steps) -> bool:
    """Return whether a line that stores into a variable may store into a part of it."""
    if store.kind == "call" and not steps:
        return False
    return all(
        one == other or one is None or other is None
        for one, other in zip(store.steps, steps, strict=False)
    ) and (store.kind != "store" or all(map(_is_subscript, store.steps[len(steps) :])))


def _is_subscript(step: str | None) -> bool:
    return step is None or step.startswith("[")


def _rank(store: Store) -> tuple[int, int]:
    """Rank a line: those that only scale come last, methods before them."""
    known = len([step for step in store.steps if step is not None])
    if _only_scales(store):
        return 0, known
    return 1 if store.kind == "call" else 2, known


def _is_plain(value: ast.expr) -> bool:
    """Return whether an expression has a value without a graph."""
    match value:
        case ast.Constant() | ast.JoinedStr():
            return True
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
            return all(map(_is_plain, parts))
        case ast.Call(func=ast.Attribute(attr=method)):
            return method in _PLAIN_METHODS
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return function in _PLAIN_FUNCTIONS or (
                function in ("dict", "list") and not arguments
            )
    return False


def _only_scales(store: Store) -> bool:
    """Return whether a line divides or cuts what is there: `total = total / n`."""
    value: Any = store.value
    if isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Div, ast.Mult)):
        value = value.left
    elif isinstance(value, ast.Subscript):
        value = value.value
    else:
        return False
    return read_place(value) == (store.name, store.steps)
