"""Finds the code of the user's functions, which a proof follows like the cell's own."""

from __future__ import annotations

import ast
import linecache
import warnings
from types import FunctionType
from typing import Any

from jupyter_memkit.cells.names import iterate_code

Definition = ast.FunctionDef | ast.Lambda


def find_definition(function: FunctionType) -> Definition | None:
    """Return the definition of a function; None if it is not known for certain.

    The text that it seems to come from, which may have been edited since, is compiled:
    it has to give the same code.
    """
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename))
    # Python has shown its warnings where the function was defined.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
            compiled = compile(tree, code.co_filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return None
    if code not in iterate_code(compiled):
        return None
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, Definition)
        and node.lineno == code.co_firstlineno
        and getattr(node, "name", "<lambda>") == code.co_name
    ]
    return found[0] if len(found) == 1 else None


def list_statements(definition: Definition) -> list[ast.stmt]:
    """Return what a function does when it is called."""
    if isinstance(definition, ast.Lambda):
        return [ast.Return(definition.body)]
    return definition.body


def find_defaults(function: FunctionType) -> dict[str, Any]:
    """Return the values that arguments have by default, by name."""
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    defaults = function.__defaults__ or ()
    last = names[len(names) - len(defaults) :]
    return {**dict(zip(last, defaults, strict=True)), **(function.__kwdefaults__ or {})}
