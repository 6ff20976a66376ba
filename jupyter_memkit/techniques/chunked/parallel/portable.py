"""Pickles the user's code for another process."""

from __future__ import annotations

import ast
import linecache
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.cells.inputs import add_function_inputs, find_inputs
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.libraries import import_library

_SHOWN_NAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PortableCell:
    """A cell with the variables that it reads.

    Attributes
    ----------
    tree, last_sort : ast.Module, ast.expr or None
        The parsed cell, and the calls that sort its value.
    filename, lines : str, list of str
        Its name and its lines in tracebacks.
    name : str
        The name of the chunk.
    namespace : dict
        The variables.
    """

    tree: ast.Module
    last_sort: ast.expr | None
    filename: str
    lines: list[str]
    name: str
    namespace: dict[str, Any]

    def open(self) -> CellBody:
        """Return the cell as a function; called in the process that runs it."""
        text = "".join(self.lines)
        linecache.cache[self.filename] = (len(text), None, self.lines, self.filename)
        return CellBody(
            self.tree,
            self.filename,
            namespace={"__name__": "__main__", **self.namespace},
            name=self.name,
            source=text,
            compile_code=_compile,
            last_sort=self.last_sort,
        )


def _compile(tree: ast.AST, filename: str, mode: str) -> types.CodeType:
    code: Any = tree  # mypy does not accept a tree here.
    compiled: types.CodeType = compile(code, filename, mode)
    return compiled


def dump_function(function: Callable[[Any], Any]) -> bytes:
    """Return a function, or the body of a cell, as bytes for another process.

    Raises
    ------
    MemkitError
        If it accumulates in a variable, or reads one that cannot be sent.
    """
    pickler = import_library("cloudpickle", "functions for other processes")
    portable: Any = function
    if isinstance(function, CellBody):
        _reject_accumulating(function)
        read = find_inputs(function.tree, function.namespace)
        names = add_function_inputs(read, function.namespace)
        portable = PortableCell(
            tree=function.tree,
            last_sort=function.last_sort,
            filename=function.filename,
            lines=linecache.getlines(function.filename),
            name=function.name,
            namespace={
                name: function.namespace[name]
                for name in names
                if name != function.name
            },
        )
    try:
        content: bytes = pickler.dumps(portable, protocol=5)
    except Exception as error:
        named = getattr(portable, "namespace", {})
        culprits = [name for name in named if not _can_pickle(pickler, named[name])]
        what = ", ".join(culprits[:_SHOWN_NAMES]) or "the function"
        message = (
            f"{what} cannot be sent to another process ({error}); create it in the "
            "cell, or leave out --workers and --on"
        )
        raise MemkitError(message) from error
    return content


def load_function(content: bytes) -> Callable[[Any], Any]:
    """Return the function that `dump_function` dumped, ready to be called."""
    loaded = import_library("cloudpickle", "functions").loads(content)
    function: Callable[[Any], Any] = (
        loaded.open() if isinstance(loaded, PortableCell) else loaded
    )
    return function


def _reject_accumulating(body: CellBody) -> None:
    name = body.accumulated
    if name is not None:
        message = (
            f"the cell accumulates in {name}, which chunks in other processes cannot "
            "share; end it with the value of the chunk, and use --reduce sum or "
            "another reduction"
        )
        raise MemkitError(message)


def _can_pickle(pickler: types.ModuleType, value: Any) -> bool:
    try:
        pickler.dumps(value, protocol=5)
    except Exception:  # noqa: BLE001 - a value's own code may raise anything
        return False
    return True
