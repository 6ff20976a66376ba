"""Finds the modules, optimizers and tensors that variables refer to.

Imported only once torch is.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType, ModuleType, TracebackType
from typing import Any, Literal

import torch

from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.models.optimizers import is_optimizer_type
from jupyter_memkit.measure.models.torchscript import TORCHSCRIPT, read_torchscript
from jupyter_memkit.measure.sizes.allocation import has_referents
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import derives_from, find_loaded
from jupyter_memkit.measure.sizes.raw_reads import read_mro
from jupyter_memkit.measure.sizes.verified import adds_fields

Kind = Literal["module", "optimizer", "tensor"]

# A variable that refers to more objects than this is not searched to the end. Tensors
# do not count.
_MOST_OBJECTS = 50_000
# These lead to all variables of a module.
_PROGRAM = (CodeType, FrameType, ModuleType, TracebackType)
_SEQUENCES = (list, tuple, deque)
# Longer keys would make a line of code unreadable.
_KEY_LENGTH = 40

_Part = tuple[str | None, Any]
_Reader = Callable[[Any], Iterator[_Part]]
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
        self._forms: dict[int, _Form] = {}
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
            form = self._find_form(type(value))
            if form.kind is not None:
                yield Found(form.kind, value, steps)
            if form.kind == "tensor":
                continue
            count += 1
            if count > _MOST_OBJECTS:
                self.skipped.append(name)
                return
            for read in form.readers:
                for step, each in read(value):
                    if id(each) not in met and not self._is_end(each):
                        met.add(id(each))
                        waiting.append((each, (*steps, (value, step))))

    def _is_end(self, value: Any) -> bool:
        form = self._find_form(type(value))
        # A class is searched where it is the variable.
        return not form.readers or form.is_class or id(value) in self._ends

    def _find_form(self, kind: type) -> _Form:
        # By address, because hashing a class can run code of its metaclass.
        form = self._forms.get(id(kind))
        if form is None:
            form = self._forms[id(kind)] = _Form(
                type=kind,
                kind=_classify(kind),
                readers=_find_readers(kind),
                is_class=issubclass(kind, type),
            )
        return form


@dataclass(frozen=True, slots=True)
class _Form:
    """How the objects of a type are searched.

    Attributes
    ----------
    type : type
        The type, kept so that its address is not reused.
    kind : str or None
        What they are, if they are looked for.
    readers : tuple of callable
        Yield what an object refers to, with the code of the step, without running code
        of the user's.
    is_class : bool
        Whether they are classes.
    """

    type: type
    kind: Kind | None
    readers: tuple[_Reader, ...]
    is_class: bool


def _classify(kind: type) -> Kind | None:
    if issubclass(kind, torch.Tensor):
        return "tensor"
    if issubclass(kind, torch.nn.Module):
        return "module"
    if is_optimizer_type(kind):
        return "optimizer"
    return None


def _find_readers(kind: type) -> tuple[_Reader, ...]:
    """Return what reads the objects of a type; nothing for those without parts."""
    if issubclass(kind, TORCHSCRIPT):
        return (_read_torchscript,)
    if issubclass(kind, _PROGRAM) or not _can_refer(kind):
        return ()
    if kind is FunctionType:
        return (_read_function,)
    readers: list[_Reader] = []
    if issubclass(kind, dict):
        readers.append(_read_dict)
    if issubclass(kind, _SEQUENCES):
        readers.append(_read_sequence)
    if _is_array_type(kind):
        readers.append(_read_array)
    if not contains_identical((dict, *_SEQUENCES), kind):
        readers.append(_name_attributes)
        if not issubclass(kind, type) and any(map(adds_fields, read_mro(kind))):
            readers.append(_read_rest)
    return tuple(readers)


def _can_refer(kind: type) -> bool:
    return has_referents(kind) or _is_array_type(kind) or issubclass(kind, TORCHSCRIPT)


def _is_array_type(kind: type) -> bool:
    # The collector does not visit its objects.
    return derives_from(kind, "numpy", "ndarray")


def _read_dict(value: Any) -> Iterator[_Part]:
    for key, each in list(dict.items(value)):
        yield _write_key(key), each
    yield from ((None, key) for key in list(dict.keys(value)))


def _read_sequence(value: Any) -> Iterator[_Part]:
    for base in _SEQUENCES:
        if issubclass(type(value), base):
            yield from _number(list(base.__iter__(value)))


def _number(elements: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield elements with their places, unless they have no parts, as numbers."""
    kinds = {id(each): each for each in map(type, elements)}
    if any(map(_can_refer, kinds.values())):
        yield from ((f"[{place}]", each) for place, each in enumerate(elements))


def _read_array(values: Any) -> Iterator[_Part]:
    """Yield the objects in an array, or the array that it is a view of."""
    # Imports numpy, which has made the array.
    from jupyter_memkit.measure.sizes.libraries.numpy import (  # noqa: PLC0415
        size_array,
    )

    parts = size_array(values)
    yield from ((".base", each) for each in parts.children)
    if parts.elements is not None:
        is_list = type(values) is find_loaded("numpy", "ndarray") and (
            values.ndim == 1 and values.dtype.names is None
        )
        for step, each in _number(list(parts.elements)):
            yield step if is_list else None, each


def _read_function(function: FunctionType) -> Iterator[_Part]:
    """Yield what a function itself holds, without its globals."""
    for place, cell in enumerate(function.__closure__ or ()):
        with suppress(ValueError):  # Nothing has been assigned to the variable yet.
            yield f".__closure__[{place}].cell_contents", cell.cell_contents
    yield ".__defaults__", function.__defaults__
    yield ".__kwdefaults__", function.__kwdefaults__
    for name, each in list(function.__dict__.items()):
        yield f".{name}", each


def _read_torchscript(value: Any) -> Iterator[_Part]:
    """Yield the tensors of an object of C++, which no code names."""
    yield from ((None, tensor) for tensor in read_torchscript(value))


def _name_attributes(value: Any) -> Iterator[_Part]:
    for name, each in read_attributes(value):
        yield f".{name}", each


def _read_rest(value: Any) -> Iterator[_Part]:
    """Yield parts that code cannot name: a frame's blocks, a set's elements."""
    yield from ((None, each) for each in gc.get_referents(value))


def _write_key(key: Any) -> str | None:
    is_plain = contains_identical((str, int), type(key))
    text = repr(key) if is_plain else ""
    return f"[{text}]" if is_plain and len(text) <= _KEY_LENGTH else None
