"""Writes the line that takes the graphs off the tensors in a variable."""

from __future__ import annotations

import ast
from collections import OrderedDict, defaultdict, deque
from functools import _lru_cache_wrapper
from typing import Any

import torch

from jupyter_memkit.hints.assigning import UNORDERED, Place, Target
from jupyter_memkit.measure.models.finding import Found
from jupyter_memkit.measure.models.held import find_hook
from jupyter_memkit.measure.models.tensors import count_values, is_tensor
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.measure.sizes.raw_reads import read_dict
from jupyter_memkit.track.leaks.pandas_parts import is_table, read_objects

# A line with more statements would be hard to read.
_MOST_STATEMENTS = 10
# The variables of nested comprehensions, from outside to inside.
_VARIABLES = ("each", "part", "value")
# That of a loop over objects, whose lines may contain comprehensions. It is one itself,
# because the variable of a statement would stay in the namespace, or replace another.
_ELEMENT = "one"
# Not in place, which fails for views.
_WAYS: dict[type, str] = {
    OrderedDict: "type({code})({{key: {part} for key, {each} in {code}.items()}})",
    defaultdict: (
        "type({code})({code}.default_factory, "
        "{{key: {part} for key, {each} in {code}.items()}})"
    ),
    deque: "type({code})([{part} for {each} in {code}], {code}.maxlen)",
    dict: "{{key: {part} for key, {each} in {code}.items()}}",
    frozenset: "frozenset({part} for {each} in {code})",
    list: "[{part} for {each} in {code}]",
    set: "{{{part} for {each} in {code}}}",
    tuple: "tuple({part} for {each} in {code})",
}
# These keep what else refers to them, where they cannot be replaced.
_IN_PLACE: dict[type, str] = {
    dict: "{code}.update({value})",
    list: "{code}[:] = {value}",
}
_NAMED = "{code}._make({part} for {each} in {code})"
# NumPy would make one array of several tensors.
_ARRAY = (
    "[{code}.flat.__setitem__(place, {part}) for place, each in enumerate({code}.flat)]"
)
# These reset the gradients of all their parameters.
_RESETTING = (torch.nn.Module, torch.optim.Optimizer)


class Detaching:
    """Writes the lines for several variables, which may share objects."""

    def __init__(self) -> None:
        self._assigned: set[Place] = set()

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
        places: dict[Place, str] = {}
        for found in tensors:
            statement = writer.write_statement(name, found)
            statement = statement or writer.write_removal(name, found)
            if statement is None or len(places) > _MOST_STATEMENTS:
                return f"del {name}"
            places |= [statement]
        fresh = {
            place: each for place, each in places.items() if place not in self._assigned
        }
        self._assigned |= fresh.keys()
        lines = list(fresh.values())
        if lines and lines[-1].startswith("["):
            # Without this, IPython would show the results of a loop.
            lines.append("")
        return "; ".join(lines).rstrip() or None


class _Writer:
    def __init__(self, tensors: list[Found]) -> None:
        self._tensors = tensors
        self._graphs = {id(each.value) for each in tensors}
        self._owners = {id(owner) for each in tensors for owner, _ in each.steps}
        self._mapped: dict[int, dict[int, tuple[str, str]]] = {}
        self._loops: dict[int, dict[int, tuple[str, int]]] = {}

    def write_statement(self, name: str, found: Found) -> tuple[Place, str] | None:
        """Return the outermost place that one expression can replace, and the line."""
        return self._write_inside(found, 0, Target((0, name), None, name, ""))

    @staticmethod
    def write_removal(name: str, found: Found) -> tuple[Place, str] | None:
        """Return the line that removes the hook of a model that leads to a tensor.

        torch looks hooks up at each call, so the model works without it.
        """
        depth = find_hook(found.steps)
        steps = [step for _, step in found.steps[:depth]]
        if depth is None or None in steps:
            return None
        table, step = found.steps[depth - 1]
        code = "".join(map(str, steps))
        return (id(table), str(step)), f"del {name}{code}"

    def _write_inside(
        self, found: Found, depth: int, target: Target
    ) -> tuple[Place, str] | None:
        """Return the same from an object on the path to a tensor."""
        path = (*found.steps, (found.value, None))
        for number in range(depth, len(path)):
            owner, step = path[number]
            line = self._write_line(owner, target, found) or (
                self._write_loop(owner, target, found, number)
            )
            if line is not None or step is None:
                return line
            code = target.code + target.step
            target = Target((id(owner), step), owner, code, step, target.in_loop)
        return None

    def _write_line(
        self, owner: Any, target: Target, found: Found
    ) -> tuple[Place, str] | None:
        code = target.code + target.step
        if found.steps[-1:] and found.steps[-1][1] == ".grad":
            if issubclass(type(owner), _RESETTING):
                return (id(owner), ".grad"), f"{code}.zero_grad()"
            if is_tensor(owner):
                return (id(owner), ".grad"), f"{code}.grad = None"
        if type(owner) is _lru_cache_wrapper:
            return (id(owner), ""), f"{code}.cache_clear()"
        value = self._write(owner, code, 0)
        if value is not None:
            line = target.write(value)
            if line is None and type(owner) in _IN_PLACE and not target.in_loop:
                line = _IN_PLACE[type(owner)].format(code=code, value=value)
            return None if line is None else (target.place, line)
        if is_table(owner) and id(found.value) in self._map_columns(owner):
            step, call = self._map_columns(owner)[id(found.value)]
            place = (id(owner), step) if step else target.place
            code = code + step
            return place, f"{code} = {code}{call}"
        return self._write_array(owner, code, found)

    def _write_loop(
        self, owner: Any, target: Target, found: Found, depth: int
    ) -> tuple[Place, str] | None:
        """Return one line for all elements of a collection, if it fits each of them."""
        is_collection = contains_identical(tuple(_WAYS), type(owner))
        if target.in_loop or not is_collection or len(owner) == 1:
            return None
        if id(owner) not in self._loops:
            self._loops[id(owner)] = self._write_bodies(owner, depth)
        body, count = self._loops[id(owner)].get(id(found.value), ("", 0))
        if count < len(owner) or not _is_expression(body):
            return None
        is_dict = issubclass(type(owner), dict)
        code = target.code + target.step + (".values()" if is_dict else "")
        return (id(owner), body), f"[{body} for {_ELEMENT} in {code}]"

    def _write_bodies(self, owner: Any, depth: int) -> dict[int, tuple[str, int]]:
        """Return the lines for the tensors in a collection, and how many have each."""
        inside = Target((0, ""), (), _ELEMENT, "", in_loop=True)
        bodies: dict[int, str] = {}
        elements: dict[str, set[int]] = defaultdict(set)
        for each in self._tensors:
            if len(each.steps) > depth and each.steps[depth][0] is owner:
                line = self._write_inside(each, depth + 1, inside)
                if line is not None:
                    path = (*each.steps, (each.value, None))
                    bodies[id(each.value)] = line[1]
                    elements[line[1]].add(id(path[depth + 1][0]))
        return {place: (body, len(elements[body])) for place, body in bodies.items()}

    def _write_array(
        self, owner: Any, code: str, found: Found
    ) -> tuple[Place, str] | None:
        """Return the line for a plain array of objects; None if there is none."""
        kind = find_loaded("numpy", "ndarray")
        if kind is None or type(owner) is not kind or owner.dtype.kind != "O":
            return None
        if not owner.flags.writeable:
            return None
        elements = owner.ravel().tolist()
        # A view can lead to a tensor that only its base has.
        path = {id(found.value), *(id(each) for each, _ in found.steps)}
        if path.isdisjoint(map(id, elements)):
            return None
        part = _join({self._write(each, "each", 1) for each in elements}, "each")
        if part in (None, "each"):
            return None
        return (id(owner), ""), _ARRAY.format(code=code, part=part)

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
        as_number = kind not in UNORDERED
        elements = value.values() if issubclass(kind, dict) else value
        parts = {
            self._write(each, variable, depth + 1, as_number=as_number)
            for each in elements
        }
        part = _join(parts, variable)
        # The keys of a dict stay as they are.
        if part in (None, variable):
            return None
        return way.format(part=part, each=variable, code=code)


def _is_expression(code: str) -> bool:
    try:
        ast.parse(code, mode="eval")
    except SyntaxError:
        return False
    return True


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
