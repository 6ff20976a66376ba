"""Finds code other than the cell itself that may read the chunk.

A string that contains the chunk's name can be code, a query, or the name of a table.
Functions and classes of the notebook can read its variables, and some libraries look up
the variables of their caller.
"""

from __future__ import annotations

import ast
import dis
import functools
import re
import types
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from jupyter_memkit.cells.columns.cell import Cell
from jupyter_memkit.cells.columns.kinds import is_scalar
from jupyter_memkit.cells.names import find_names, iterate_code
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import read_namespace

# Functions that can access variables by names that are not in the code.
_NAMES = frozenset(
    {
        *("__import__", "breakpoint", "compile", "dir", "eval", "exec"),
        *("get_ipython", "globals", "locals", "vars"),
    }
)
_ATTRIBUTES = frozenset(
    {
        *("__globals__", "__main__", "_getframe", "currentframe", "eval", "evaluate"),
        *("execute", "executemany", "f_globals", "f_locals", "modules", "query"),
        *("run_cell", "run_cell_magic", "run_line_magic", "sql", "SQLContext"),
        *("user_ns",),
    }
)
# Libraries that find variables by names in strings, or by inspecting frames.
_LIBRARIES = frozenset(
    {
        *("IPython", "__main__", "_duckdb", "chdb", "datafusion", "duckdb", "ibis"),
        *("code", "importlib", "inspect", "numexpr", "pandasql", "runpy"),
    }
)

# The types that hold a function; two have no public name.
_METHODS = (types.MethodType, staticmethod, classmethod)
_cached = functools.lru_cache(lambda: None)
_read_class = vars(type)["__dict__"].__get__

_COLLECTIONS = (list, tuple, set, frozenset)
_MOST_ELEMENTS = 100_000
_MOST_DEEP = 4


def reads_secretly(cell: Cell) -> bool:
    """Return whether something other than the cell itself may read the chunk."""
    search = _Search(cell)
    return (
        any(search.is_reader(node) for node in ast.walk(cell.tree))
        or search.finds_text(cell.tree)
        or any(map(search.holds_reader, _values_in_sight(cell)))
        or any(map(search.names_chunk, list(cell.namespace.values())))
    )


def _values_in_sight(cell: Cell) -> Iterator[Any]:
    for name in find_names(cell.tree) - {cell.name}:
        if name in cell.namespace:
            yield cell.namespace[name]


class _Search:
    """Searches for readers of the chunk."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._pattern = re.compile(rf"(?<!\w){re.escape(cell.name)}(?!\w)")
        self._seen: set[int] = set()
        self._names = find_names(cell.tree)

    def is_reader(self, node: ast.AST) -> bool:
        """Return whether a piece of code can read variables without naming them."""
        match node:
            case ast.Name():
                return node.id in _NAMES
            case ast.Attribute():
                return node.attr in _ATTRIBUTES
            case ast.Import():
                return any(map(_is_of_library, (each.name for each in node.names)))
            case ast.ImportFrom():
                names = {each.name for each in node.names}
                return _is_of_library(node.module or "") or bool(names & _ATTRIBUTES)
        return False

    def finds_text(self, tree: ast.AST) -> bool:
        """Return whether a string, unless printed, contains the name of the chunk."""
        printed: set[int] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and self._cell.resolve(node.func) is print:
                for argument in node.args:
                    printed.add(id(argument))
                    if isinstance(argument, ast.JoinedStr):
                        printed.update(map(id, argument.values))
        return any(
            isinstance(node, ast.Constant)
            and id(node) not in printed
            and self._is_text(node.value)
            for node in ast.walk(tree)
        )

    def holds_reader(self, value: Any, depth: int = 0) -> bool:
        """Return whether a variable in the cell is or holds a possible reader."""
        kind = type(value)
        if kind is str:
            return self._is_text(value)
        if is_scalar(value):
            return False
        names = read_namespace(value)
        if names is not None:
            return _is_of_library(str(names.get("__name__", "")))
        if contains_identical(_COLLECTIONS, kind) or kind is dict:
            items = [*value, *value.values()] if kind is dict else list(value)
            if depth == _MOST_DEEP or len(items) > _MOST_ELEMENTS:
                return True
            return any(self.holds_reader(item, depth + 1) for item in items)
        return (
            _is_of_library(_module_of(kind))
            or self._reads(value, anything=True)
            or self._reads(kind, anything=True)
        )

    def names_chunk(self, value: Any) -> bool:
        """Return whether a function or class of the notebook names the chunk."""
        return self._reads(value, anything=False)

    def _is_text(self, value: Any) -> bool:
        return type(value) is str and bool(self._pattern.search(value))

    def _reads(self, value: Any, *, anything: bool) -> bool:
        """Return whether code of the notebook names the chunk, or may read anything.

        Code that sets a variable of the cell counts too, because the variable can then
        be anything.
        """
        for code, variables in _find_code(value):
            names = set(code.co_names)
            if self._cell.name in names or any(map(self._is_text, code.co_consts)):
                return True
            if not anything:
                continue
            if (
                names & _NAMES
                or names & _ATTRIBUTES
                or self._names & set(_stored(code))
            ):
                return True
            for name in names & variables.keys():
                called = variables[name]
                if id(called) not in self._seen:
                    self._seen.add(id(called))
                    if self.holds_reader(called, _MOST_DEEP - 1):
                        return True
        return False


def _find_code(value: Any) -> Iterator[tuple[types.CodeType, dict[str, Any]]]:
    """Yield code of the notebook in a value, with the variables it can read."""
    waiting, seen = [value], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if type(part) is types.FunctionType and part.__module__ == "__main__":
            for code in iterate_code(part.__code__):
                yield code, part.__globals__
        waiting += _parts(part)


def _parts(value: Any) -> Iterable[Any]:
    """Return the objects in a value that may hold functions of the notebook."""
    kind = type(value)
    if kind is functools.partial:
        return (value.func, *value.args, *value.keywords.values())
    if contains_identical(_METHODS, kind):
        return (value.__func__,)
    if kind is property:
        return (value.fget, value.fset)
    if kind is type(_cached):
        return (value.__wrapped__,)
    if kind is types.FunctionType:
        return _held(value) if value.__module__ == "__main__" else ()
    return list(_members(value, kind).values())


def _members(value: Any, kind: type) -> dict[str, Any]:
    """Return the attributes of a class of the notebook, or of an instance of one."""
    if issubclass(kind, type):
        is_own = _module_of(value) == "__main__"
        return dict(_read_class(value)) if is_own else {}
    is_own = kind is types.SimpleNamespace or _module_of(kind) == "__main__"
    return _read_attributes(value) if is_own else {}


def _read_attributes(value: Any) -> dict[str, Any]:
    try:
        attributes: dict[str, Any] = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return attributes


def _held(function: types.FunctionType) -> Iterator[Any]:
    """Yield the values in a function's closure and defaults."""
    for cell in function.__closure__ or ():
        # A variable without a value raises.
        with suppress(ValueError):
            yield cell.cell_contents
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()


def _stored(code: types.CodeType) -> Iterator[str]:
    """Yield the global variables that a function sets."""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "STORE_GLOBAL":
            yield instruction.argval


def _module_of(kind: type) -> str:
    name = type.__getattribute__(kind, "__module__")
    return name if isinstance(name, str) else ""


def _is_of_library(module: str) -> bool:
    return module.partition(".")[0] in _LIBRARIES
