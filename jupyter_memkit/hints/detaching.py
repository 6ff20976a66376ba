"""Writes the line that takes the graphs off the tensors in a variable."""

from __future__ import annotations

from collections import deque
from typing import Any

from jupyter_memkit.measure.models.finding import Found
from jupyter_memkit.measure.models.tensors import count_values
from jupyter_memkit.measure.sizes.identity import contains_identical

# A line with more statements would be hard to read.
_MOST_STATEMENTS = 10
# The variables of nested comprehensions, from outside to inside.
_VARIABLES = ("each", "part", "value")


def write_detaching(name: str, tensors: list[Found]) -> str:
    """Return the line, or one that deletes the variable where none would be short.

    Parameters
    ----------
    name : str
        The variable.
    tensors : list of Found
        Its tensors that have a graph.

    Returns
    -------
    str
        The line: scalars become numbers, other tensors are detached.
    """
    writer = _Writer(tensors)
    statements: dict[str, None] = {}
    for found in tensors:
        statement = writer.write_statement(name, found)
        if statement is None or len(statements) > _MOST_STATEMENTS:
            return f"del {name}"
        statements[statement] = None
    return "; ".join(statements)


class _Writer:
    def __init__(self, tensors: list[Found]) -> None:
        self._graphs = {id(each.value) for each in tensors}
        self._owners = {id(owner) for each in tensors for owner, _ in each.steps}

    def write_statement(self, name: str, found: Found) -> str | None:
        """Return the line for the outermost place that one expression can replace."""
        place = name
        for owner, step in (*found.steps, (found.value, None)):
            code = self._write(owner, place, 0)
            if code is not None:
                return f"{place} = {code}"
            if contains_identical((deque, set), type(owner)) and all(
                id(each) in self._graphs for each in owner
            ):
                return f"for each in {place}: each.detach_()"
            # The elements of a tuple cannot be replaced.
            if step is None or issubclass(type(owner), tuple):
                return None
            place += step
        return None

    def _write(self, value: Any, code: str, depth: int) -> str | None:
        """Return an expression for a value without graphs; None if none is short."""
        if id(value) in self._graphs:
            return f"{code}.item()" if count_values(value) == 1 else f"{code}.detach()"
        if id(value) not in self._owners:
            return code
        is_plain = contains_identical((dict, list, tuple), type(value))
        if depth == len(_VARIABLES) or not is_plain:
            return None
        variable = _VARIABLES[depth]
        elements = value.values() if type(value) is dict else value
        parts = {self._write(each, variable, depth + 1) for each in elements}
        part = _join(parts, variable)
        if part is None:
            return None
        way = "{{key: {} for key, {} in {}.items()}}"
        if type(value) is not dict:
            way = (
                "[{} for {} in {}]" if type(value) is list else "tuple({} for {} in {})"
            )
        return way.format(part, variable, code)


def _join(parts: set[str | None], variable: str) -> str | None:
    """Return an expression that is right for all elements; None if none is."""
    if len(parts) == 1:
        return parts.pop()
    changes = parts - {variable}
    detached = f"{variable}.detach()"
    if not changes <= {f"{variable}.item()", detached}:
        return None
    change = changes.pop() if len(changes) == 1 else detached
    if variable in parts:
        return f'{change} if getattr({variable}, "grad_fn", None) else {variable}'
    return change
