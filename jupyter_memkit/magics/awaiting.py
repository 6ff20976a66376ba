"""Lets the code under a magic await, in a kernel as in a terminal.

A magic is a plain function and cannot wait for a coroutine, but a cell can. Where the
code under one of our magics awaits, the magic returns a coroutine, and the call that
IPython generates for ``%%mem`` is prefixed with ``await``. That changes the code that
IPython wrote, not the user's, at the point where IPython allows it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

_CALLS = ("run_line_magic", "run_cell_magic")


@runtime_checkable
class Awaiting(Protocol):
    """Magics that return a coroutine if their code awaits."""

    def awaits(self, line: str, cell: str | None) -> bool:
        """Return whether the code of a call awaits."""


class AwaitTransformer:
    """Transforms a cell for a shell's ``input_transformers_post``.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell with the magics.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def __call__(self, lines: list[str]) -> list[str]:
        """Return the lines of a cell with ``await`` before the calls that need it."""
        source = "".join(lines)
        if "get_ipython().run_" not in source or not may_await(source):
            return lines
        try:
            tree = ast.parse(source)
        except SyntaxError:
            # IPython reports it.
            return lines
        changed = [line.encode() for line in lines]
        # From the end, so that earlier positions remain valid.
        for call in reversed(list(self._find(tree))):
            line = changed[call.lineno - 1]
            place = call.col_offset
            changed[call.lineno - 1] = line[:place] + b"await " + line[place:]
        return [line.decode() for line in changed]

    def _find(self, node: ast.AST) -> Iterator[ast.Call]:
        """Yield the calls to await, outside functions, in order."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                continue
            if isinstance(child, ast.Call) and self._awaits(child):
                yield child
            else:
                yield from self._find(child)

    def _awaits(self, call: ast.Call) -> bool:
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr not in _CALLS:
            return False
        constants = (arg.value for arg in call.args if isinstance(arg, ast.Constant))
        texts = [constant for constant in constants if isinstance(constant, str)]
        if len(texts) < 2:
            return False
        name, line = texts[:2]
        cell = texts[2] if len(texts) > 2 else None
        kind = "line" if cell is None else "cell"
        magic = self._shell.magics_manager.magics[kind].get(name)
        owner = getattr(magic, "__self__", None)
        return isinstance(owner, Awaiting) and owner.awaits(line, cell)


def may_await(code: str) -> bool:
    """Return whether code may await; a quick check of its text."""
    return "await" in code or "async" in code


def code_awaits(shell: Any, code: str) -> bool:
    """Return whether code awaits outside its functions; False if it is invalid."""
    if not may_await(code):
        return False
    try:
        awaits: bool = shell.should_run_async(
            code, transformed_cell=shell.transform_cell(code)
        )
    except Exception:  # noqa: BLE001 - any transformer of the user's may fail here
        # It fails again when the code is run, and is reported there.
        return False
    return awaits
