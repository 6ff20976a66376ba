"""Finds which of the user's variables a cell reads.

A variable that a cell certainly sets before it reads it is local, and is not sent to
another process. If the order is uncertain, as in a loop or under a condition, the
variable counts as read, unlike in `effects`, because a missing one would be an error.
Variables that functions of the notebook read are sent with the functions.
"""

from __future__ import annotations

import ast
import dis
from collections.abc import Container, Iterable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

from jupyter_memkit.cells.magic_calls import (
    MAGIC_CALLS,
    SHELL_CALLS,
    find_call_names,
    find_words,
)
from jupyter_memkit.cells.names import (
    find_bound_names,
    find_global_names,
    iterate_code,
)

# Calls whose text is code or contains names of variables: Python's, IPython's, and
# those of frames, databases and numexpr.
_READING_CALLS = frozenset(
    {
        *("eval", "exec", "ev", "ex", "run_cell", "run_code"),
        *("evaluate", "execute", "query", "sql"),
    }
)
# Python 3.10 has no `except*`.
_TRIES = (ast.Try, getattr(ast, "TryStar", ast.Try))
# The instructions that access a global variable by name.
_GLOBAL_NAMES = frozenset({"LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_NAME"})


def find_inputs(tree: ast.Module, known: Container[str]) -> tuple[str, ...]:
    """Return the variables that a cell needs from outside.

    Parameters
    ----------
    tree : ast.Module
        The parsed cell.
    known : container of str
        The user's variables.

    Returns
    -------
    tuple of str
        The names, in order of first use.

    Examples
    --------
    >>> tree = ast.parse("df = read(path); df.sum() * rate")
    >>> find_inputs(tree, {"df", "path", "rate", "other"})
    ('path', 'rate')
    """
    reader = _Reader()
    reader.follow(tree.body, set())
    return tuple(name for name in reader.read if name in known)


def add_function_inputs(
    names: Iterable[str], namespace: Mapping[str, Any]
) -> tuple[str, ...]:
    """Add the variables that functions among the given ones read, recursively.

    Parameters
    ----------
    names : iterable of str
        The variables.
    namespace : mapping
        All variables of the user.

    Examples
    --------
    >>> namespace = {"rate": 2, "other": 3}
    >>> exec("def price(n): return n * rate", namespace)
    >>> add_function_inputs(["price"], namespace)
    ('price', 'rate')
    """
    found = dict.fromkeys(names)
    waiting = list(found)
    while waiting:
        value = namespace[waiting.pop()]
        if type(value) is FunctionType and value.__globals__ is namespace:
            names_read = (
                *find_code_names(value.__code__),
                *_find_names_in_constants(value.__code__),
            )
            read = [name for name in names_read if name in namespace]
            waiting += [name for name in read if name not in found]
            found.update(dict.fromkeys(read))
    return tuple(found)


def find_code_names(code: CodeType) -> Iterator[str]:
    """Yield the global variables that the code of a function reads or sets."""
    for part in iterate_code(code):
        for instruction in dis.get_instructions(part):
            if instruction.opname in _GLOBAL_NAMES:
                yield instruction.argval


def _find_names_in_constants(code: CodeType) -> Iterator[str]:
    """Yield the names in the texts of a function with calls that read such texts."""
    for part in iterate_code(code):
        if not _READING_CALLS.isdisjoint(part.co_names):
            for constant in part.co_consts:
                if type(constant) is str:
                    yield from find_words(constant)


class _Reader:
    """Visits statements in the order in which they run.

    Attributes
    ----------
    read : dict of str to None
        The names that may be read before they are set.
    """

    def __init__(self) -> None:
        self.read: dict[str, None] = {}

    def follow(self, statements: Iterable[ast.stmt], own: set[str]) -> None:
        """Follow statements, and add to `own` the names that they certainly set."""
        for statement in statements:
            if isinstance(statement, (ast.With, ast.AsyncWith)):
                for item in statement.items:
                    self._follow_part(item.context_expr, own)
                    self._set(item.optional_vars, own)
                self.follow(statement.body, own)
            elif isinstance(statement, (ast.For, ast.AsyncFor)):
                self._follow_part(statement.iter, own)
                inside = set(own)
                self._set(statement.target, inside)
                self.follow(statement.body, inside)
                self.follow(statement.orelse, set(own))
            elif isinstance(statement, (ast.If, ast.While)):
                self._follow_part(statement.test, own)
                branches = [set(own), set(own)]
                self.follow(statement.body, branches[0])
                self.follow(statement.orelse, branches[1])
                own |= branches[0] & branches[1]
            elif isinstance(statement, _TRIES):
                self.follow(statement.body, set(own))
                for handler in statement.handlers:
                    self._follow_handler(handler, own)
                self.follow(statement.orelse, set(own))
                self.follow(statement.finalbody, own)
            elif isinstance(statement, ast.Match):
                self._follow_part(statement.subject, own)
                for case in statement.cases:
                    self._follow_case(case, set(own))
            else:
                self._follow_part(statement, own)

    def _follow_handler(self, handler: ast.ExceptHandler, own: set[str]) -> None:
        if handler.type is not None:
            self._follow_part(handler.type, own)
        self.follow(handler.body, own | ({handler.name} if handler.name else set()))

    def _follow_case(self, case: ast.match_case, own: set[str]) -> None:
        for part in ast.walk(case.pattern):
            if isinstance(part, ast.expr):
                self._follow_part(part, own)
        own |= find_bound_names(case.pattern)
        if case.guard is not None:
            self._follow_part(case.guard, own)
        self.follow(case.body, own)

    def _follow_part(self, node: ast.stmt | ast.expr, own: set[str]) -> None:
        """Follow a statement or an expression that contains no other statements."""
        read, bound = find_global_names(node)
        for name in (*read, *_find_names_in_text(node)):
            if name not in own:
                self.read[name] = None
        own |= bound - set(_find_perhaps_bound(node))

    def _set(self, target: ast.expr | None, own: set[str]) -> None:
        if target is None:
            return
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.add(node.id)
        # The rest of the target, such as the list in `items[0]`, is read.
        self._follow_part(ast.Expr(_as_value(target)), own)


def _find_perhaps_bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement or an expression does not bind in every case."""
    for each in ast.walk(node):
        match each:
            case ast.AnnAssign(target=ast.Name(id=name), value=None):
                yield name
            case ast.BoolOp(values=[_, *parts]) | ast.Compare(comparators=[_, *parts]):
                yield from _find_walrus_names(parts)
            case ast.IfExp(body=body, orelse=other):
                yield from _find_walrus_names([body, other])


def _find_walrus_names(parts: Iterable[ast.expr]) -> Iterator[str]:
    for part in parts:
        for each in ast.walk(part):
            if isinstance(each, ast.NamedExpr):
                yield each.target.id


def _find_names_in_text(node: ast.AST) -> Iterator[str]:
    """Yield the names in texts that calls interpret as code."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", None))
        if name in MAGIC_CALLS or name in SHELL_CALLS:
            yield from find_call_names(call, _find_all_names)
        elif name in _READING_CALLS:
            for part in ast.walk(call):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield from find_words(part.value)


def _find_all_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a piece of code may read before it sets them."""
    reader = _Reader()
    reader.follow(tree.body, set())
    yield from reader.read


def _as_value(target: ast.expr) -> ast.expr:
    """Return an expression of the parts of a target that are read, not set."""
    parts = [
        ast.Subscript(node.value, node.slice, ast.Load())
        if isinstance(node, ast.Subscript)
        else ast.Attribute(node.value, node.attr, ast.Load())
        for node in ast.walk(target)
        if isinstance(node, (ast.Subscript, ast.Attribute))
    ]
    return ast.Tuple(list(parts), ast.Load())
