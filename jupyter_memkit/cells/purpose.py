"""Finds cells whose collections a pause of the collector would not save.

The code of a cell and the objects that its names refer to are checked: a function that
calls ``gc.collect()`` counts, and so does every magic of this package.
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from types import FunctionType
from typing import Any, Literal

from jupyter_memkit.cells.magic_calls import read_magic_call
from jupyter_memkit.cells.names import iterate_code

Purpose = Literal["kit", "paused", "collecting", "none"]

_PACKAGE = __name__.partition(".")[0]
# Magics whose bodies run in this process as written.
_PLAIN_BODIES = {"gc_pause", "mem", "memit"}


def read_purpose(code: str, shell: Any) -> Purpose:
    """Return whether a cell paused the collector, or collected on purpose.

    Parameters
    ----------
    code : str
        The code of the cell, as in IPython's ``In``.
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose names and magics the code uses.

    Returns
    -------
    str
        ``"kit"`` for a cell with only magics of this package, ``"paused"`` for one
        under ``%%gc_pause``, ``"collecting"`` for one that requests a collection
        anywhere, otherwise ``"none"``.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return "none"
    if tree.body and all(_is_of_kit(each, shell) for each in tree.body):
        return "kit"
    if any(_is_paused(each) for each in tree.body):
        return "paused"
    nodes = list(_walk(tree))
    if any(_is_of_kit(each, shell) for each in nodes):
        return "collecting"
    namespace = shell.user_ns
    if any(_collects(_find(each, namespace), set()) for each in nodes):
        return "collecting"
    return "none"


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a cell and of the bodies of its cell magics."""
    for node in ast.walk(tree):
        yield node
        call = read_magic_call(node)
        if call is not None and call.cell:
            try:
                yield from _walk(ast.parse(call.cell))
            except (SyntaxError, ValueError, RecursionError):
                continue


def _is_of_kit(node: ast.AST, shell: Any) -> bool:
    call = read_magic_call(node)
    if call is None or (call.kind == "cell" and call.name in _PLAIN_BODIES):
        return False
    module = getattr(shell.find_magic(call.name, call.kind), "__module__", None)
    return str(module).partition(".")[0] == _PACKAGE


def _is_paused(node: ast.AST) -> bool:
    call = read_magic_call(node)
    return call is not None and (call.kind, call.name) == ("cell", "gc_pause")


def _find(node: ast.AST, namespace: dict[str, Any]) -> Any:
    """Return the object that a call refers to; None for other code."""
    if not isinstance(node, ast.Call):
        return None
    called = node.func
    if isinstance(called, ast.Name):
        return namespace.get(called.id)
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        owner = namespace.get(called.value.id)
        if owner is gc:
            return getattr(gc, called.attr, None)
    return None


def _collects(called: Any, seen: set[int]) -> bool:
    """Return whether a function is ``gc.collect``, or calls it."""
    if called is gc.collect:
        return True
    if type(called) is not FunctionType or id(called) in seen:
        return False
    seen.add(id(called))
    names = {name for code in iterate_code(called.__code__) for name in code.co_names}
    found = [called.__globals__.get(name) for name in names]
    if "collect" in names and any(each is gc for each in found):
        return True
    return any(_collects(each, seen) for each in found)
