"""Refuses code that inspects the session, most of which an isolated process lacks."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator, Mapping
from types import FunctionType
from typing import Any

from jupyter_memkit.cells.magic_calls import MAGIC_CALLS
from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.techniques.isolated.inspecting import (
    OF_THE_SHELL,
    SESSION_MAGICS,
    find_inspection,
)

_ALL_NAMES = frozenset({"dir", "globals", "locals", "vars"})


def refuse_session(tree: ast.Module, namespace: Container[str]) -> None:
    """Refuse a cell that inspects the whole session.

    Parameters
    ----------
    tree : ast.Module
        The parsed cell.
    namespace : container of str
        The user's variables.

    Raises
    ------
    IsolatedError
        If it does; the message contains the remedy.

    Examples
    --------
    >>> refuse_session(ast.parse("sorted(globals())"), {})
    Traceback (most recent call last):
    jupyter_memkit.errors.IsolatedError: globals() inspects the whole session, ...
    """
    for what in _find_session(tree, is_function=False):
        if what.removesuffix("()") not in namespace:
            message = (
                f"{what} inspects the whole session, but the process has only what the "
                "cell reads by name; run it in a cell without %%isolated"
            )
            raise IsolatedError(message)


def refuse_functions(
    functions: Iterable[FunctionType], namespace: Mapping[str, Any]
) -> None:
    """Refuse to send functions that inspect the whole session.

    Parameters
    ----------
    functions : iterable of function
        The functions that the cell can call.
    namespace : mapping
        The user's variables.

    Raises
    ------
    IsolatedError
        If there is one; the message contains the remedy.
    """
    found = find_inspection(functions, namespace)
    if found is not None:
        function, what = found
        message = (
            f"{function} inspects the whole session ({what}), but the process has only "
            "what the cell and its functions read by name; run it in a cell without "
            "%%isolated"
        )
        raise IsolatedError(message)


def _find_session(node: ast.AST, *, is_function: bool) -> Iterator[str]:
    """Yield the expressions that inspect the session."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if isinstance(node.func, ast.Name) and name in _ALL_NAMES and not node.args:
            # In a function the others refer to its own variables.
            if name == "globals" or not is_function:
                yield f"{name}()"
        elif name in MAGIC_CALLS and node.args:
            magic = getattr(node.args[0], "value", None)
            if magic in SESSION_MAGICS:
                yield f"%{magic}"
    elif isinstance(node, ast.Attribute) and node.attr in OF_THE_SHELL:
        yield f"{node.attr}"
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        names = [alias.name for alias in node.names]
        if "__main__" in (*names, getattr(node, "module", "")):
            yield "__main__"
    inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    for child in ast.iter_child_nodes(node):
        yield from _find_session(child, is_function=is_function or inside)
