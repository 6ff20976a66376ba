"""Proves that a cell has no side effects.

Each expression is followed to its sources: the chunk, constants, plain data from
outside, calls on the closed lists, and functions of the notebook, whose code is
followed in the same way. Operators, iteration and comparison of such values are pure
too. Everything else may have an effect.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from types import FunctionType
from typing import Any

from jupyter_memkit.cells.inputs import find_inputs
from jupyter_memkit.cells.names import find_bound_names, find_global_names
from jupyter_memkit.cells.purity.expressions import Expressions
from jupyter_memkit.cells.purity.functions import (
    find_defaults,
    find_definition,
    list_statements,
)
from jupyter_memkit.cells.purity.outside import is_listed
from jupyter_memkit.cells.purity.texts import Texts
from jupyter_memkit.cells.purity.values import EffectError, Reach, describe


def find_effect(
    tree: ast.Module, chunk_name: str, namespace: Mapping[str, Any]
) -> str | None:
    """Return the first part of a cell that may have a side effect.

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
        The code; None if the cell is pure.

    Examples
    --------
    >>> find_effect(ast.parse("chunk.price.sum()"), "chunk", {})
    >>> find_effect(ast.parse("chunk.to_csv('a', mode='a')"), "chunk", {})
    'chunk.to_csv'
    """
    local = find_bound_names(tree)
    carried = local.intersection(find_inputs(tree, local)) - {chunk_name}
    if carried:
        return min(carried)
    local.add(chunk_name)
    functions = _Functions(local, namespace)
    texts = Texts(tree, chunk_name, namespace)
    try:
        _follow(tree.body, _Statements(local, namespace, texts, functions))
    except EffectError as effect:
        return ast.unparse(effect.node)
    return None


def _follow(body: Iterable[ast.stmt], statements: _Statements) -> None:
    """Follow statements until nothing more is learned about their names."""
    before: dict[str, Reach] | None = None
    # In a loop, an assignment may follow the use of a name.
    while statements.values.reach != before:
        before = dict(statements.values.reach)
        statements.run(body)


class _Functions:
    """The user's functions that a cell refers to, each of which is followed once.

    Parameters
    ----------
    local : set of str
        The names that the cell sets.
    namespace : mapping
        The user's variables.
    """

    def __init__(self, local: set[str], namespace: Mapping[str, Any]) -> None:
        self._local = local
        self._namespace = namespace
        # What their values can reach, by function and by what their arguments can.
        self._followed: dict[tuple[int, Reach], Reach] = {}

    def follow(self, function: FunctionType, node: ast.Name, arguments: Reach) -> Reach:
        """Follow the code of a function, and return what its value can reach."""
        key = (id(function), arguments)
        if key in self._followed:
            return self._followed[key]
        # For functions that call each other.
        self._followed[key] = Reach.NESTED
        # Elsewhere the same names are other variables.
        is_here = function.__globals__ is self._namespace and not function.__closure__
        definition = find_definition(function) if is_here else None
        if definition is None:
            raise EffectError(node)
        local = find_bound_names(definition)
        body = ast.Module(list_statements(definition), [])
        # It may not read what the cell sets, nor have one name for several variables.
        if not (self._local | local).isdisjoint(find_global_names(definition)[0]):
            raise EffectError(node)
        texts = Texts(body, "", self._namespace)
        statements = _Statements(local, self._namespace, texts, self)
        statements.values.set_arguments(definition.args, arguments)
        for name, default in find_defaults(function).items():
            value = describe(default, node)
            if value.known is not None:
                raise EffectError(node)
            statements.values.set_name(name, value.reach)
        _follow(body.body, statements)
        self._followed[key] = statements.returned
        return statements.returned


class _Statements(ast.NodeVisitor):
    """Follows the statements of a cell, or raises `EffectError`.

    Attributes
    ----------
    values : Expressions
        The knowledge about its variables.
    returned : Reach
        What the values that a function returns can reach.
    """

    def __init__(
        self,
        local: set[str],
        namespace: Mapping[str, Any],
        texts: Texts,
        functions: _Functions,
    ) -> None:
        self.values = Expressions(local, namespace, texts, functions.follow)
        self.returned = Reach.OWN
        self._local = local

    def run(self, statements: Iterable[ast.stmt]) -> None:
        """Follow statements, which may run in any order."""
        for statement in statements:
            self.visit(statement)

    def generic_visit(self, node: ast.AST) -> None:
        """Refuse code without a rule."""
        raise EffectError(node)

    def _read_parts(self, node: ast.AST) -> None:
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                self.values.read(part)

    visit_Raise = visit_Assert = _read_parts  # noqa: N815

    def _pass(self, node: ast.AST) -> None:
        """Allow statements that do nothing."""

    visit_Pass = visit_Break = visit_Continue = _pass  # noqa: N815

    def visit_Return(self, node: ast.Return) -> None:
        self.returned = max(self.values.read(node.value).passed, self.returned)

    def visit_Expr(self, node: ast.Expr) -> None:
        self.values.read_stage(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        value = self.values.read_stage(node.value)
        for target in node.targets:
            self.values.set_target(target, value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.values.read(node.annotation)
        self.values.set_target(node.target, self.values.read(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        value = self.values.read(node.value)
        # `+=` changes a list in place.
        self.values.change(node.target)
        self.values.set_target(node.target, value)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            match target:
                case ast.Name() if target.id in self._local:
                    pass
                case ast.Attribute() | ast.Subscript():
                    self.values.change_place(target)
                case _:
                    raise EffectError(target)

    def visit_If(self, node: ast.If | ast.While) -> None:
        self.values.read(node.test)
        self.run([*node.body, *node.orelse])

    visit_While = visit_If  # noqa: N815

    def visit_For(self, node: ast.For) -> None:
        self.values.set_target(node.target, self.values.read(node.iter))
        self.run([*node.body, *node.orelse])

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            value = self.values.read_stage(item.context_expr)
            # Other values run their own code at the end.
            if not value.stage:
                raise EffectError(item.context_expr)
            if item.optional_vars is not None:
                self.values.set_target(item.optional_vars, value)
        self.run(node.body)

    def visit_Try(self, node: ast.Try) -> None:
        self.run([*node.body, *node.orelse, *node.finalbody])
        for handler in node.handlers:
            self.values.read(handler.type)
            self.run(handler.body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.decorator_list:
            raise EffectError(node.decorator_list[0])
        self.values.read_arguments(node.args)
        self.run(node.body)
        # The function may return what it reads.
        self.values.set_name(node.name, Reach.NESTED)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            module = sys.modules.get(alias.name)
            # The first import of a module runs its code.
            if not is_listed(module) or (alias.asname is None and "." in alias.name):
                raise EffectError(node)
            self.values.modules[alias.asname or alias.name] = module
