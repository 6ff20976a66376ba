"""Finds the variable in which a cell accumulates from chunk to chunk.

The result of such a cell depends on the chunks before, so its chunks cannot go to
different processes. In doubt, a variable counts as set, unlike in `inputs`, because a
cell that accumulates nothing must not be refused. Whether a cell may run twice is
proven by `purity`.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import inspect
import textwrap
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from jupyter_memkit.cells.names import (
    bound_names,
    find_bound_names,
    find_global_names,
)

_CONTAINERS = (list, set, Counter, deque)


def find_accumulated(
    tree: ast.Module, chunk_name: str, namespace: Mapping[str, Any]
) -> str | None:
    """Return the first variable in which a cell keeps something for the next chunk.

    Parameters
    ----------
    tree : ast.Module
        The parsed cell.
    chunk_name : str
        The name of the chunk, which is a new object each time.
    namespace : mapping
        The user's variables.

    Returns
    -------
    str or None
        The name; None if none is found.

    Examples
    --------
    >>> find_accumulated(ast.parse("total += len(chunk)"), "chunk", {})
    'total'
    >>> find_accumulated(ast.parse("n = len(chunk); n + 1"), "chunk", {})
    """
    bound = find_global_names(tree)[1] | set(_find_outer(tree))
    order = _Order(chunk_name, bound, namespace)
    order.visit(tree)
    for function in _find_functions(tree, namespace):
        called = _FunctionOrder("", set(_find_outer(function)), namespace)
        called.visit(function)
        order.changed += called.changed
    return order.changed[0] if order.changed else None


def _find_functions(tree: ast.AST, namespace: Mapping[str, Any]) -> Iterator[ast.AST]:
    """Yield the code of the notebook's functions that a cell names, at any depth."""
    seen: set[str] = set()
    waiting = [tree]
    while waiting:
        for name in set(find_global_names(waiting.pop())[0]) - seen:
            seen.add(name)
            function = namespace.get(name)
            if type(function) is FunctionType and function.__module__ == "__main__":
                # Without its source, or as a lambda within a line, it is not known.
                with contextlib.suppress(OSError, SyntaxError, TypeError):
                    source = textwrap.dedent(inspect.getsource(function))
                    waiting.append(ast.parse(source))
                    yield waiting[-1]


class _Order(ast.NodeVisitor):
    """Visits the parts of a cell in the order in which they run.

    Attributes
    ----------
    changed : list of str
        Outer variables that the cell changes, or reads before it sets them.
    """

    def __init__(
        self, chunk_name: str, bound: set[str], namespace: Mapping[str, Any]
    ) -> None:
        self.changed: list[str] = []
        self._own = {chunk_name}
        self._bound = bound
        self._namespace = namespace

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Del):
            self._change(node)
        elif isinstance(node.ctx, ast.Store):
            self._own.add(node.id)
        elif node.id not in self._own and node.id in self._bound:
            self.changed.append(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        self._change(node.target)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._visit_place(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self._visit_place(node)

    def _visit_place(self, node: ast.Attribute | ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._change(node.value)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        # A call whose value is not used is there for its effect.
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            name = _root(call.func.value)
            if name is not None and not _is_static(self._namespace.get(name)):
                self._change(call.func.value)
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._own.add(node.name)
        self._visit_scope(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_scope(node, [node.body])

    def _visit_scope(self, node: ast.AST, body: Sequence[ast.AST]) -> None:
        own = set(self._own)
        self._own |= find_bound_names(node).difference(_find_outer(node))
        for part in body:
            self.visit(part)
        self._own = own

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        for condition in node.ifs:
            self.visit(condition)

    def _visit_elements(self, node: Any) -> None:
        own = set(self._own)
        for generator in node.generators:
            self.visit(generator)
        for field in ("key", "value", "elt"):
            if hasattr(node, field):
                self.visit(getattr(node, field))
        self._own = own

    visit_ListComp = visit_SetComp = visit_DictComp = _visit_elements  # noqa: N815
    visit_GeneratorExp = _visit_elements  # noqa: N815

    def _bind(self, node: ast.AST) -> None:
        self._own.update(bound_names(node))
        self.generic_visit(node)

    visit_alias = visit_ClassDef = visit_ExceptHandler = _bind  # noqa: N815
    visit_MatchAs = visit_MatchStar = visit_MatchMapping = _bind  # noqa: N815

    def _change(self, target: ast.expr) -> None:
        name = _root(target)
        if name is not None and name not in self._own and not hasattr(builtins, name):
            self.changed.append(name)


class _FunctionOrder(_Order):
    """Visits a function, which is allowed to fill a cache or write a log."""

    def visit_Expr(self, node: ast.Expr) -> None:
        match node.value:
            case ast.Call(func=ast.Attribute(value=place)) if (
                type(self._namespace.get(_root(place) or "")) in _CONTAINERS
            ):
                self._change(place)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.generic_visit(node)


def _root(node: ast.expr | None) -> str | None:
    """Return the variable at the start of an expression."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_static(value: Any) -> bool:
    kinds = (ModuleType, BuiltinFunctionType, FunctionType, type)
    return issubclass(type(value), kinds)


def _find_outer(code: ast.AST) -> Iterator[str]:
    """Yield the names that a piece of code may bind in a scope around it."""
    for node in ast.walk(code):
        match node:
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names
            # In a comprehension.
            case ast.NamedExpr(target=ast.Name(id=name)):
                yield name
