"""Finds the names in a piece of code: those that it reads, and those that it binds.

`find_global_names` respects scopes, as needed for the variables of the notebook. The
other functions count a name of any scope, as needed for a proof, which must not miss
one.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from types import CodeType
from typing import Any


def find_global_names(code: ast.AST) -> tuple[list[str], set[str]]:
    """Return the global names that a piece of code reads, and those that it binds.

    Parameters
    ----------
    code : ast.AST
        A module, a statement or an expression.

    Returns
    -------
    read : list of str
        The names, including those that functions, classes and comprehensions in the
        code read or bind.
    bound : set of str
        The names, without those, because the function may never be called.

    Examples
    --------
    >>> find_global_names(ast.parse("def f(n): return n * rate"))
    (['rate'], {'f'})
    """
    explicit = _Explicit().visit(ast.parse(ast.unparse(code)))
    table = symtable.symtable(ast.unparse(explicit), "<cell>", "exec")
    read, bound = [], set()
    for symbol in table.get_symbols():
        if symbol.is_referenced():
            read.append(symbol.get_name())
        if symbol.is_assigned() or symbol.is_imported():
            bound.add(symbol.get_name())
    return [*read, *_find_inner_globals(table)], bound


def _find_inner_globals(table: symtable.SymbolTable) -> Iterator[str]:
    """Yield the global names that functions and classes in the code read."""
    for child in table.get_children():
        for symbol in child.get_symbols():
            if symbol.is_global():
                yield symbol.get_name()
        yield from _find_inner_globals(child)


class _Explicit(ast.NodeTransformer):
    """Rewrites code, which never runs, into what `symtable` reports correctly."""

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """Write out the read in `n += 1`."""
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        before = ast.Name(node.target.id, ast.Load())
        return ast.Assign(
            [node.target], ast.BinOp(before, node.op, node.value), lineno=node.lineno
        )

    def visit_Delete(self, node: ast.Delete) -> list[ast.AST]:
        """Write out that `del n` needs the variable."""
        self.generic_visit(node)
        names = [each.id for each in node.targets if isinstance(each, ast.Name)]
        return [*(ast.Expr(ast.Name(name, ast.Load())) for name in names), node]

    def _visit_comprehension(self, node: Any) -> ast.AST:
        # From Python 3.12, other comprehensions are inlined, and `symtable` reports
        # their variables as those of the code around them.
        self.generic_visit(node)
        element = (
            ast.Tuple([node.key, node.value], ast.Load())
            if isinstance(node, ast.DictComp)
            else node.elt
        )
        return ast.GeneratorExp(element, node.generators)

    visit_ListComp = visit_SetComp = visit_DictComp = _visit_comprehension  # noqa: N815


def find_names(code: ast.AST) -> set[str]:
    """Return the variables in a piece of code, whether it reads or binds them."""
    return {node.id for node in ast.walk(code) if isinstance(node, ast.Name)}


def find_bound_names(code: ast.AST) -> set[str]:
    """Return the names that a piece of code binds anywhere.

    Examples
    --------
    >>> sorted(find_bound_names(ast.parse("def f(n): total = n")))
    ['f', 'n', 'total']
    """
    return {name for node in ast.walk(code) for name in bound_names(node)}


def bound_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node itself binds, not those of its children."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.arg():
            yield node.arg
        case ast.alias():
            yield (node.asname or node.name).partition(".")[0]
        case ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Global() | ast.Nonlocal():
            yield from node.names


def iterate_code(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of a function, and of the functions and classes in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from iterate_code(constant)
