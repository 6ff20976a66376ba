"""The code of a cell, and the values that its names can have."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.cells.names import bound_names
from jupyter_memkit.measure.sizes.loaded import find_loaded, read_namespace

ABSENT = object()

_CATCHING = (ast.Try, getattr(ast, "TryStar", ast.Try), ast.With, ast.AsyncWith)


@dataclass(frozen=True, slots=True)
class Binding:
    """A place in a cell that assigns a value to a name.

    Attributes
    ----------
    value : ast.expr, optional
        The assigned expression; None if it is unknown.
    is_element : bool
        Whether the name gets the expression's elements one by one, in a loop.
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
        The places where the cell assigns to each name.
    catches : bool
        Whether it may catch errors, which could hide that a column was not read.
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
        """Return the object that a name or an attribute of a module refers to.

        Only loaded modules are considered, and none of their code runs. `ABSENT` is
        returned if the object is not certain.
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

    def calls_pandas(self, node: ast.expr, name: str) -> bool:
        """Return whether an expression calls this function of a loaded pandas."""
        function = find_loaded("pandas", name)
        if function is None or not isinstance(node, ast.Call):
            return False
        return self.resolve(node.func) is function

    def is_module(self, node: ast.expr, module: str) -> bool:
        """Return whether an expression refers to this module, if it is loaded."""
        loaded = sys.modules.get(module)
        return loaded is not None and self.resolve(node) is loaded

    def reads(self, name: str) -> Iterator[ast.Name]:
        """Yield the places where a name is read."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Name(id=read, ctx=ast.Load()) if read == name:
                    yield node


def _find_bindings(tree: ast.AST) -> Iterator[tuple[str, Binding]]:
    """Yield the names that a cell binds, each with the binding."""
    known: set[int] = set()
    for node in ast.walk(tree):
        for target, binding in _named_values(node):
            known.add(id(target))
            yield target.id, binding
    for node in ast.walk(tree):
        if id(node) not in known:
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


def find_made(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a cell may give to new columns."""
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
