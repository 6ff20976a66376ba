"""Writes the line that takes the graphs off the tensors in a variable."""

from __future__ import annotations

from collections import deque
from typing import Any

import torch

from jupyter_memkit.measure.models.finding import Found
from jupyter_memkit.measure.models.tensors import count_values, is_tensor
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.raw_reads import read_dict
from jupyter_memkit.track.leaks.pandas_parts import is_table, read_objects

# A line with more statements would be hard to read.
_MOST_STATEMENTS = 10
# The variables of nested comprehensions, from outside to inside.
_VARIABLES = ("each", "part", "value")
# Not in place, which fails for views.
_WAYS: dict[type, str] = {
    deque: "type({code})([{part} for {each} in {code}], {code}.maxlen)",
    dict: "{{key: {part} for key, {each} in {code}.items()}}",
    frozenset: "frozenset({part} for {each} in {code})",
    list: "[{part} for {each} in {code}]",
    set: "{{{part} for {each} in {code}}}",
    tuple: "tuple({part} for {each} in {code})",
}
_NAMED = "{code}._make({part} for {each} in {code})"
# These reset the gradients of all their parameters.
_RESETTING = (torch.nn.Module, torch.optim.Optimizer)

# A place that a line assigns to: an object, by its address, and a step.
_Place = tuple[int, str]


class Detaching:
    """Writes the lines for several variables, which may share objects."""

    def __init__(self) -> None:
        self._assigned: set[_Place] = set()

    def write(self, name: str, tensors: list[Found]) -> str | None:
        """Return the line, or one that deletes the variable where none would be short.

        Parameters
        ----------
        name : str
            The variable.
        tensors : list of Found
            Its tensors that have a graph.

        Returns
        -------
        str or None
            The line: scalars become numbers, other tensors are detached. None if the
            lines for the variables before do all of it.
        """
        writer = _Writer(tensors)
        places: dict[_Place, str] = {}
        for found in tensors:
            statement = writer.write_statement(name, found)
            if statement is None or len(places) > _MOST_STATEMENTS:
                return f"del {name}"
            places |= [statement]
        fresh = {
            place: each for place, each in places.items() if place not in self._assigned
        }
        self._assigned |= fresh.keys()
        return "; ".join(fresh.values()) or None


class _Writer:
    def __init__(self, tensors: list[Found]) -> None:
        self._graphs = {id(each.value) for each in tensors}
        self._owners = {id(owner) for each in tensors for owner, _ in each.steps}
        self._mapped: dict[int, dict[int, tuple[str, str]]] = {}

    def write_statement(self, name: str, found: Found) -> tuple[_Place, str] | None:
        """Return the outermost place that one expression can replace, and the line."""
        code, place = name, (0, name)
        for owner, step in (*found.steps, (found.value, None)):
            line = self._write_line(owner, code, place, found)
            # The elements of a tuple cannot be replaced.
            if line is not None or step is None or issubclass(type(owner), tuple):
                return line
            code, place = code + step, (id(owner), step)
        return None

    def _write_line(
        self, owner: Any, code: str, place: _Place, found: Found
    ) -> tuple[_Place, str] | None:
        if found.steps[-1:] and found.steps[-1][1] == ".grad":
            if issubclass(type(owner), _RESETTING):
                return (id(owner), ".grad"), f"{code}.zero_grad()"
            if is_tensor(owner):
                return (id(owner), ".grad"), f"{code}.grad = None"
        value = self._write(owner, code, 0)
        if value is not None:
            return place, f"{code} = {value}"
        if is_table(owner) and id(found.value) in self._map_columns(owner):
            step, call = self._map_columns(owner)[id(found.value)]
            code, place = code + step, (id(owner), step) if step else place
            return place, f"{code} = {code}{call}"
        return None

    def _map_columns(self, table: Any) -> dict[int, tuple[str, str]]:
        """Return the step to the column of each tensor, and the call to detach it."""
        if id(table) in self._mapped:
            return self._mapped[id(table)]
        found = self._mapped[id(table)] = {}
        for step, elements in read_objects(table):
            graphs = self._graphs.intersection(map(id, elements))
            parts = {self._write(each, "each", 1) for each in elements}
            part = _join(parts, "each") if graphs else None
            if part is not None:
                found |= dict.fromkeys(graphs, (step, f".map(lambda each: {part})"))
        return found

    def _write(
        self, value: Any, code: str, depth: int, *, as_number: bool = True
    ) -> str | None:
        """Return an expression for a value without graphs; None if none is short."""
        if id(value) in self._graphs:
            is_number = as_number and count_values(value) == 1
            return f"{code}.item()" if is_number else f"{code}.detach()"
        if id(value) not in self._owners:
            return code
        kind = type(value)
        way = _find_way(kind)
        if depth == len(_VARIABLES) or way is None:
            return None
        variable = _VARIABLES[depth]
        # In a set, equal numbers would become one.
        as_number = kind not in (frozenset, set)
        elements = value.values() if kind is dict else value
        parts = {
            self._write(each, variable, depth + 1, as_number=as_number)
            for each in elements
        }
        part = _join(parts, variable)
        # The keys of a dict stay as they are.
        if part in (None, variable):
            return None
        return way.format(part=part, each=variable, code=code)


def _find_way(kind: type) -> str | None:
    """Return how a collection without graphs is made; None if there is no short way."""
    if contains_identical(tuple(_WAYS), kind):
        return _WAYS[kind]
    is_named = issubclass(kind, tuple) and "_fields" in read_dict(kind)
    return _NAMED if is_named else None


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
