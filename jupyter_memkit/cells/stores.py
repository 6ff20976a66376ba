"""What lines of code store, and into which variables or parts of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeGuard

StoreKind = Literal["bind", "augment", "grow", "store", "call"]

# Methods that add to a container in place.
GROWING = frozenset(
    {
        *("__setitem__", "add", "append", "appendleft", "extend", "extendleft"),
        *("insert", "put", "setdefault", "update"),
    }
)
# Attributes of tables through which a subscript reaches their cells.
_INDEXERS = frozenset({"at", "iat", "iloc", "loc"})
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

Steps = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A line that stores into a variable, or into a part of it.

    Attributes
    ----------
    name : str
        The variable.
    steps : tuple of (str or None)
        The code of the steps to the part (``["loss"]``, ``.total``); None if unknown.
    kind : {"bind", "augment", "grow", "store", "call"}
        ``n = x``, ``n += x``, ``n.append(x)``, ``n[0] = x``, or another method of it.
        What changes a tensor in place augments it: ``n.add_(x)``, and ``n[0] = x`` if
        the part that has the graph is ``n`` itself.
    value : ast.expr
        What is stored.
    repeats : bool
        Whether it is in a loop or a function.
    is_called : bool
        Whether it is in a function, which another cell may call.
    cell, line : int
        The numbers of the cell and of the line in it.
    text : str
        The line.
    """

    name: str
    steps: Steps
    kind: StoreKind
    value: ast.expr
    repeats: bool = False
    is_called: bool = False
    cell: int = 0
    line: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a piece of code is.

    Attributes
    ----------
    repeats : bool
        Whether it is in a loop or a function.
    own_globals : frozenset of str or None
        The globals of the function around it; None outside of one.
    class_name : str
        The class around it; empty if there is none.
    self_name : str
        The first parameter of the method around it; empty if there is none.
    """

    repeats: bool = False
    own_globals: frozenset[str] | None = None
    class_name: str = ""
    self_name: str = ""


def find_stores(tree: ast.Module) -> Iterator[tuple[Store, Scope]]:
    """Yield all lines that store, in the order of the code."""
    waiting: list[tuple[ast.AST, Scope]] = [(tree, Scope())]
    found: list[tuple[Store, Scope]] = []
    while waiting:
        node, scope = waiting.pop()
        for store in _read_stores(node):
            placed = replace(
                store,
                line=getattr(node, "lineno", 0),
                repeats=scope.repeats,
                is_called=scope.own_globals is not None,
            )
            found.append((placed, scope))
        inner = _enter(node, scope)
        waiting += ((child, inner) for child in ast.iter_child_nodes(node))
    return iter(sorted(found, key=lambda each: each[0].line))


def _enter(node: ast.AST, scope: Scope) -> Scope:
    if isinstance(node, ast.ClassDef):
        return replace(scope, class_name=node.name, repeats=True)
    if isinstance(node, _FUNCTIONS):
        own = {
            name
            for each in ast.walk(node)
            if isinstance(each, ast.Global)
            for name in each.names
        }
        arguments = node.args.posonlyargs + node.args.args
        is_method = scope.class_name and scope.own_globals is None and arguments
        return replace(
            scope,
            repeats=True,
            own_globals=frozenset(own),
            self_name=arguments[0].arg if is_method else scope.self_name,
        )
    return replace(scope, repeats=True) if isinstance(node, _LOOPS) else scope


def _read_stores(node: ast.AST) -> Iterator[Store]:
    """Yield the stores of a node itself."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _read_assigned(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _read_assigned(target, value)
        case ast.NamedExpr(target=target, value=value):
            yield from _read_target(target, value)
        case ast.AugAssign(target=target, op=op, value=value):
            yield from _read_assigned(target, ast.BinOp(target, op, value))
        case ast.For() | ast.AsyncFor():
            yield from _read_target(node.target, node.iter)
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=[*_, value]):
            place = read_place(owner)
            if place is not None:
                kind = _classify_method(method)
                yield Store(name=place[0], steps=place[1], kind=kind, value=value)


def _classify_method(name: str) -> StoreKind:
    if name in GROWING:
        return "grow"
    # Torch's names of methods that change a tensor.
    is_in_place = name.endswith("_") and not name.endswith("__")
    return "augment" if is_in_place else "call"


def _read_assigned(target: ast.expr, value: ast.expr) -> Iterator[Store]:
    """Yield what an assignment stores, where `n = n + x` is the same as `n += x`."""
    match value:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right) if (
            read_place(target) == read_place(left) is not None
        ):
            for store in _read_target(target, right):
                yield replace(store, kind="augment")
        case _:
            yield from _read_target(target, value)


def _read_target(target: ast.expr, value: ast.expr) -> Iterator[Store]:
    waiting = [target]
    while waiting:
        each = waiting.pop()
        if isinstance(each, (ast.Tuple, ast.List)):
            waiting += each.elts
        elif isinstance(each, ast.Starred):
            waiting.append(each.value)
        else:
            place = read_place(each)
            if place is not None:
                kind: StoreKind = "store" if place[1] else "bind"
                yield Store(name=place[0], steps=place[1], kind=kind, value=value)


def read_place(node: ast.expr) -> tuple[str, Steps] | None:
    """Return the variable that an expression refers to, and the steps to a part."""
    steps: list[str | None] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            steps.append(f".{node.attr}")
            node = node.value
        elif _is_indexer(node):
            steps.append(None)
            node = node.value.value
        elif isinstance(node, ast.Subscript):
            is_key = isinstance(node.slice, ast.Constant)
            steps.append(f"[{ast.unparse(node.slice)}]" if is_key else None)
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            # `losses.setdefault(key, []).append(loss)`
            steps.append(None)
            node = node.func.value
        else:
            return None
    return node.id, tuple(reversed(steps))


def _is_indexer(node: ast.expr) -> TypeGuard[Any]:
    """Return whether an expression is a cell of a table: ``table.loc[row]``."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in _INDEXERS
    )
