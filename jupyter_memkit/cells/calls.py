"""Finds the calls of named functions in a cell, also below a cell magic."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from jupyter_memkit.cells.magic_calls import read_magic_call


@dataclass(frozen=True, slots=True)
class NamedCall:
    """A call of a function by its name.

    Attributes
    ----------
    function : tuple of str
        The parts of the dotted name: ``("np", "load")``. Of a method, the object may be
        any expression, which is an empty part.
    argument : ast.expr or None
        The first argument without a keyword.
    keywords : mapping of str to ast.expr
        The arguments with a keyword.
    variable : str or None
        The variable to which the result is assigned.
    """

    function: tuple[str, ...]
    argument: ast.expr | None
    keywords: dict[str, ast.expr]
    variable: str | None


def find_calls(code: str) -> Iterator[NamedCall]:
    """Yield the calls of named functions.

    Parameters
    ----------
    code : str
        The cell, as in IPython's ``In``; nothing is found if it does not parse.

    Examples
    --------
    >>> (call,) = find_calls("x = np.load('x.npy', mmap_mode='r')")
    >>> call.function, list(call.keywords), call.variable
    (('np', 'load'), ['mmap_mode'], 'x')
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return
    variables = {
        node.value: node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        magic = read_magic_call(node)
        if magic is not None:
            yield from find_calls(magic.cell)
        elif function := _read_name(node.func):
            yield NamedCall(
                function=function,
                argument=node.args[0] if node.args else None,
                keywords={each.arg: each.value for each in node.keywords if each.arg},
                variable=variables.get(node),
            )


def _read_name(node: ast.expr) -> tuple[str, ...]:
    """Return the parts of a dotted name; an empty first part for an expression."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        return (*(_read_name(node.value) or ("",)), node.attr)
    return ()
