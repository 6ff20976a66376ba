"""The code of a cell with what its names can stand for."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded, read_namespace

ABSENT = object()

_CATCHING = (ast.Try, getattr(ast, "TryStar", ast.Try), ast.With, ast.AsyncWith)
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Binding:
    """One place in a cell that gives a name its value.

    Attributes
    ----------
    value : ast.expr, optional
        The expression that it comes from; None where it is not in sight.
    is_element : bool
        Whether the name takes the expression's elements one by one, in a loop.
    """

    value: ast.expr | None = None
    is_element: bool = False


class Cell:
    """A parsed cell and the variables around it.

    Parameters
    ----------
    tree : ast.AST
        The parsed cell.
    name : str
        The name of the chunk.
    namespace : mapping
        The user's variables.

    Attributes
    ----------
    bindings : dict of str to list of Binding
        Where the cell itself gives names their values.
    catches : bool
        Whether it may catch an error, so that a column that was not read goes unseen.
    """

    def __init__(self, tree: ast.AST, name: str, namespace: Mapping[str, Any]) -> None:
        self.tree = tree
        self.name = name
        self.namespace = namespace
        self.bindings: dict[str, list[Binding]] = {}
        self.catches = any(isinstance(node, _CATCHING) for node in ast.walk(tree))
        self._modules: dict[str, str] = {}
        for bound, binding in _find_bindings(tree):
            self.bindings.setdefault(bound, []).append(binding)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.asname or "." not in alias.name:
                        self._modules[alias.asname or alias.name] = alias.name

    def resolve(self, node: ast.expr) -> Any:
        """Return the object that a name, or an attribute of a module, stands for.

        Only modules that are loaded are looked at, and none of their code runs.
        `ABSENT` is returned where it is not certain.
        """
        if isinstance(node, ast.Name):
            bound = self.bindings.get(node.id)
            if bound is None:
                return self.namespace.get(node.id, vars(builtins).get(node.id, ABSENT))
            module = self._modules.get(node.id)
            if module is not None and len(bound) == 1:
                return sys.modules.get(module, ABSENT)
        if isinstance(node, ast.Attribute):
            owner = self.resolve(node.value)
            names = None if owner is ABSENT else read_namespace(owner)
            return ABSENT if names is None else names.get(node.attr, ABSENT)
        return ABSENT

    def is_call(self, node: ast.expr, module: str, name: str) -> bool:
        """Tell whether an expression calls this function of a loaded module."""
        function = find_loaded(module, name)
        if function is None or not isinstance(node, ast.Call):
            return False
        return self.resolve(node.func) is function

    def is_module(self, node: ast.expr, module: str) -> bool:
        """Tell whether an expression is this module, which is loaded."""
        loaded = sys.modules.get(module)
        return loaded is not None and self.resolve(node) is loaded

    def reads(self, name: str) -> Iterator[ast.Name]:
        """Yield the places where a name is read."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Name(id=read, ctx=ast.Load()) if read == name:
                    yield node


def _find_bindings(tree: ast.AST) -> Iterator[tuple[str, Binding]]:
    """Yield the names that a cell binds, each with where its value comes from."""
    known: set[int] = set()
    for node in ast.walk(tree):
        for target, binding in _named_values(node):
            known.add(id(target))
            yield target.id, binding
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store) and id(node) not in known:
                yield node.id, Binding()
        else:
            for name in bound_names(node):
                yield name, Binding()


def _named_values(node: ast.AST) -> Iterator[tuple[ast.Name, Binding]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target, Binding(node.value)
    match node:
        case ast.AugAssign(ast.Name() as name, operator, value):
            before = ast.Name(name.id, ast.Load())
            yield name, Binding(ast.BinOp(before, operator, value))
        case ast.AnnAssign(ast.Name() as name) | ast.NamedExpr(ast.Name() as name):
            yield name, Binding(node.value)
        case ast.For(ast.Name() as name) | ast.comprehension(ast.Name() as name):
            yield name, Binding(node.iter, is_element=True)


def bound_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node binds without an `ast.Name` for them."""
    if isinstance(node, _NESTED):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        if node.name:
            yield node.name
    elif isinstance(node, ast.MatchMapping):
        if node.rest:
            yield node.rest
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from node.names


def find_made(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a cell may give to columns of its own."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg=str(name)):
                yield name
            case ast.Subscript(ctx=ast.Store(), slice=place):
                yield from _texts(place)
            case ast.Call(func=ast.Attribute(attr="alias" | "rename")):
                yield from _texts(node)


def _texts(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        match part:
            case ast.Constant(value=str(text)):
                yield text
