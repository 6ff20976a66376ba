"""Finds the modules, optimizers and tensors that variables refer to.

Imported only once torch is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import (
    BuiltinFunctionType,
    FrameType,
    FunctionType,
    MethodType,
    ModuleType,
    NoneType,
    TracebackType,
)
from typing import Any, Literal

import torch

from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.models.tensors import is_tensor
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import find_loaded

Kind = Literal["module", "optimizer", "tensor"]

# A variable that refers to more objects than this is not searched to the end, and an
# object of these types is not searched at all. Tensors do not count.
_MOST_OBJECTS = 50_000
_ATOMIC = frozenset(
    map(id, (bool, bytes, bytearray, complex, float, int, str, range, NoneType))
)
_PROGRAM = (
    BuiltinFunctionType,
    FrameType,
    FunctionType,
    MethodType,
    ModuleType,
    TracebackType,
    type,
)
_SEQUENCES = (list, tuple, deque)
_SETS = (set, frozenset)
# Their attributes lead to all variables of a module.
_SCOPES = (FunctionType, FrameType)
# Longer keys would make a line of code unreadable.
_KEY_LENGTH = 40

Steps = tuple[tuple[Any, str | None], ...]
"""The objects that lead to another, each with the code of the step that follows."""


@dataclass(frozen=True, slots=True)
class Found:
    """A module, an optimizer or a tensor, and where it was found.

    Attributes
    ----------
    kind : {"module", "optimizer", "tensor"}
        What it is.
    value : object
        The object.
    steps : tuple of (object, str or None)
        The objects that lead to it from the variable, each with the code of the step
        that follows (``[0]``, ``.loss``); None if code cannot express it.
    """

    kind: Kind
    value: Any
    steps: Steps

    def write_path(self, name: str) -> str:
        """Return how it is reached from a variable, as code where possible."""
        return name + "".join(step or "[…]" for _, step in self.steps)


class Finder:
    """Searches variables.

    Parameters
    ----------
    ends : iterable
        Objects that belong to the program, where the search ends.
    check : callable
        Called between objects; an exception that it raises ends the search.

    Attributes
    ----------
    skipped : list of str
        The variables that were not searched to the end, because they refer to too many
        objects.
    """

    def __init__(self, ends: Iterable[Any], check: Callable[[], object]) -> None:
        self._ends = {id(end) for end in ends}
        self._check = check
        self.skipped: list[str] = []

    def find(self, variables: Mapping[str, Any]) -> Iterator[tuple[str, Found]]:
        """Yield what each variable refers to, the nearest first.

        An object that two variables refer to is found twice.
        """
        for name, value in variables.items():
            # A variable can refer to the shell, whose namespace has all others.
            if id(value) not in self._ends:
                for found in self._search(name, value):
                    yield name, found

    def _search(self, name: str, root: Any) -> Iterator[Found]:
        met = {id(root)}
        waiting: deque[tuple[Any, Steps]] = deque([(root, ())])
        count = 0
        while waiting:
            self._check()
            value, steps = waiting.popleft()
            kind = _classify(value)
            if kind is not None:
                yield Found(kind, value, steps)
            if kind == "tensor":
                continue
            count += 1
            if count > _MOST_OBJECTS:
                self.skipped.append(name)
                return
            for step, each in _read_parts(value):
                if id(each) not in met and not self._is_end(each):
                    met.add(id(each))
                    waiting.append((each, (*steps, (value, step))))

    def _is_end(self, value: Any) -> bool:
        is_atomic = id(type(value)) in _ATOMIC
        return is_atomic or id(value) in self._ends or issubclass(type(value), _PROGRAM)


def _classify(value: Any) -> Kind | None:
    if is_tensor(value):
        return "tensor"
    if issubclass(type(value), torch.nn.Module):
        return "module"
    if issubclass(type(value), torch.optim.Optimizer):
        return "optimizer"
    return None


def _read_parts(value: Any) -> Iterator[tuple[str | None, Any]]:
    """Yield what an object refers to, with the code of the step, without its code."""
    kind = type(value)
    if kind is FunctionType:
        yield from _read_function(value)
    if issubclass(kind, dict):
        for key, each in list(dict.items(value)):
            yield _write_key(key), each
    elements = _read_elements(value)
    # A long list of numbers has no parts.
    if not set(map(id, map(type, elements))) <= _ATOMIC:
        yield from ((f"[{place}]", each) for place, each in enumerate(elements))
    if issubclass(kind, _SETS):
        read = set.__iter__ if issubclass(kind, set) else frozenset.__iter__
        yield from ((None, each) for each in list(read(value)))
    if not contains_identical((dict, *_SEQUENCES, *_SETS, *_SCOPES), kind):
        for name, each in read_attributes(value):
            yield f".{name}", each


def _read_elements(value: Any) -> list[Any]:
    """Return the elements of a sequence, or of an array of objects with one axis."""
    kind = type(value)
    for base in _SEQUENCES:
        if issubclass(kind, base):
            return list(base.__iter__(value))
    if kind is find_loaded("numpy", "ndarray") and value.ndim == 1:
        # The elements of other arrays would have to be made.
        return list(value) if value.dtype.kind == "O" else []
    return []


def _read_function(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what a function itself holds, which its globals are not."""
    for place, cell in enumerate(function.__closure__ or ()):
        with suppress(ValueError):  # Nothing has been assigned to the variable yet.
            yield f".__closure__[{place}].cell_contents", cell.cell_contents
    yield ".__defaults__", function.__defaults__
    yield ".__kwdefaults__", function.__kwdefaults__
    for name, each in list(function.__dict__.items()):
        yield f".{name}", each


def _write_key(key: Any) -> str | None:
    is_plain = contains_identical((str, int), type(key))
    text = repr(key) if is_plain else ""
    return f"[{text}]" if is_plain and len(text) <= _KEY_LENGTH else None
