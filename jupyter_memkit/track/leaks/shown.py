"""Finds the parts of larger blocks of memory that a variable shows."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from types import (
    AsyncGeneratorType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    ModuleType,
    NoneType,
    TracebackType,
    WrapperDescriptorType,
)
from typing import Any

from jupyter_memkit.measure.chains import write_chain
from jupyter_memkit.measure.sizes.identity import contains_identical, find_identical
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.measure.sizes.raw_reads import read_dict, read_mro
from jupyter_memkit.track.leaks.pandas_parts import (
    read_axes,
    read_blocks,
    read_index,
    read_stored,
)

# Values with more elements, or that refer to more objects, are not searched. Objects
# of the atomic types, which refer to no others, do not count.
_MOST_ELEMENTS, _MOST_OBJECTS = 20_000, 10_000
# All of them are looked at, so their number is limited too, to some tenths of a second.
_MOST_REFERENCES = 10_000_000
_ATOMIC = frozenset(map(id, (bool, complex, float, int, str, NoneType)))

_BYTES = (bytes, bytearray)
# Types that refer to objects which cannot all be reached or replaced.
_HIDING = (FrameType, TracebackType, GeneratorType, CoroutineType, AsyncGeneratorType)

COPY_DEEP = "import copy; {0} = copy.deepcopy({0})"
"""The line that replaces a variable with a deep copy."""

# Statements that replace a part with a copy.
_COPY = "{0} = {0}.copy()"
_COPY_INDEX = "{0}.index = {0}.index.copy(deep=True)"
_COPY_MEMORYVIEW = "{0} = memoryview({0}.tobytes()).cast({0}.format)"
_COPY_ALL: dict[type, str] = {
    dict: "{0} = {{key: each.copy() for key, each in {0}.items()}}",
    list: "{0} = [each.copy() for each in {0}]",
    tuple: "{0} = tuple(each.copy() for each in {0})",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of a block of memory that a variable shows.

    Attributes
    ----------
    write_cure : callable
        Returns the line that replaces the part with a copy; writing it takes some time.
    block : numpy.ndarray, bytes or bytearray
        The owner of the memory.
    view_bytes : int
        The size of the shown part.
    """

    write_cure: Callable[[], str]
    block: Any
    view_bytes: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A shown part, and the statement that copies it, without its location."""

    way: str
    block: Any
    view_bytes: int

    def at(self, write_cure: Callable[[], str]) -> Shown:
        return Shown(write_cure, self.block, self.view_bytes)


class ShownFinder:
    """Finds the parts of arrays, bytes and byte arrays that variables show.

    Attributes
    ----------
    skipped : list of str
        The variables that were not searched, because they refer to too many objects.
    """

    def __init__(self) -> None:
        self.skipped: list[str] = []
        names = ("ndarray", "matrix", "recarray", "void")
        arrays = [find_loaded("numpy", name) for name in names]
        arrays.append(find_loaded("numpy.ma", "MaskedArray"))
        self._arrays = tuple(kind for kind in arrays if kind is not None)
        known: list[tuple[Any, Callable[[Any], Iterator[_Part]]]] = [
            *((kind, self._read_array) for kind in self._arrays),
            *((kind, self._read_bytes) for kind in _BYTES),
            (memoryview, self._read_memoryview),
            (find_loaded("pandas", "DataFrame"), self._read_table),
            (find_loaded("pandas", "Series"), self._read_table),
        ]
        # By address, because hashing a class can run code of its metaclass.
        self._readers = {id(kind): read for kind, read in known if kind is not None}

    def find(self, name: str, value: Any) -> Iterator[Shown]:
        """Yield the parts that a variable shows.

        Parameters
        ----------
        name : str
            The variable.
        value : object
            A numpy array, a pandas frame or series, a memoryview, or any object that
            refers to these.
        """
        way = find_identical(type(value), _COPY_ALL)
        if id(type(value)) in self._readers:
            for part in self._read(value):
                yield part.at(partial(part.way.format, name))
        elif way is not None:
            yield from self._read_container(name, value, way)
        elif not _hides(value):
            yield from self._read_deep(name, value)

    def _read(self, value: Any) -> Iterator[_Part]:
        """Yield the parts that a value itself shows; none for other types."""
        read = self._readers.get(id(type(value)))
        if read is not None:
            yield from read(value)

    def _read_container(self, name: str, value: Any, way: str) -> Iterator[Shown]:
        elements = value.values() if type(value) is dict else value
        kinds = _find_kinds(elements)
        if kinds <= _ATOMIC:
            return
        if len(elements) > _MOST_ELEMENTS:
            self.skipped.append(name)
            return
        is_direct = kinds <= self._readers.keys()
        found = [list(self._read(each)) for each in elements] if is_direct else []
        # One line is only enough if all elements have a `copy` method.
        parts = list(chain.from_iterable(found))
        if parts and all(part.way == _COPY for part in parts):
            yield from (part.at(partial(way.format, name)) for part in parts)
        else:
            yield from self._read_deep(name, value)

    def _read_deep(self, name: str, value: Any) -> list[Shown]:
        """Return the parts shown by objects that a value refers to, if they are few."""
        found: list[Shown] = []
        seen = {id(value)}
        # Each object with the number of the one that refers to it. The list grows
        # during the loop.
        met: list[tuple[int, Any]] = [(0, value)]
        for number, referents in _read_referents(met):
            if referents is None:
                self.skipped.append(name)
                return []
            for each in referents:
                if id(each) in seen or id(type(each)) in _ATOMIC:
                    continue
                seen.add(id(each))
                if _hides(each):
                    return []
                if len(seen) > _MOST_OBJECTS:
                    self.skipped.append(name)
                    return []
                if id(type(each)) in self._readers:
                    for part in self._read(each):
                        way = partial(_write_deep, part.way, name, met, number, each)
                        found.append(part.at(way))
                elif not issubclass(type(each), (FunctionType, ModuleType, type)):
                    met.append((number, each))
        return found

    def _read_bytes(self, value: Any) -> Iterator[_Part]:
        yield _Part(COPY_DEEP, value, len(value))

    def _read_memoryview(self, value: memoryview) -> Iterator[_Part]:
        if value.ndim == 1:
            yield from self._show(_COPY_MEMORYVIEW, value)

    def _read_array(self, value: Any) -> Iterator[_Part]:
        yield from self._show(_COPY, value)

    def _read_table(self, value: Any) -> Iterator[_Part]:
        """Yield the parts shown by the blocks and the index of a frame or series."""
        # By block, because there can be thousands of columns.
        for values, _ in read_blocks(value):
            yield from self._show_stored(_COPY, read_stored(values))
        yield from self._show_stored(_COPY_INDEX, read_index(read_axes(value)[-1]))

    def _show_stored(self, way: str, arrays: Iterable[Any]) -> Iterator[_Part]:
        for array in arrays:
            if contains_identical(self._arrays, type(array)):
                yield from self._show(way, array)

    def _show(self, way: str, view: Any) -> Iterator[_Part]:
        """Yield a view of an array or of bytes, if a copy would free the memory."""
        block = view
        while block is not None:
            kind = type(block)
            if contains_identical(_BYTES, kind):
                yield _Part(way, block, view.nbytes)
                return
            if kind is memoryview:
                block = block.obj
            elif not contains_identical(self._arrays, kind):
                # The memory of a file or another library.
                return
            elif block.base is None:
                yield _Part(way, block, view.nbytes)
                return
            else:
                block = block.base


def _find_kinds(values: Iterable[Any]) -> set[int]:
    """Return the addresses of the types of values."""
    return set(map(id, map(type, values)))


def _find_way(met: list[tuple[int, Any]], number: int) -> list[Any]:
    """Return the objects that lead from the first to another."""
    way = []
    while number:
        before, value = met[number]
        way.append(value)
        number = before
    return [met[0][1], *reversed(way)]


def _write_deep(
    way: str, name: str, met: list[tuple[int, Any]], number: int, part: Any
) -> str:
    """Return the line that copies a part in place, or else the whole variable."""
    steps = [*_find_way(met, number), part]
    path = write_chain(name, steps)
    is_code = not any(sign in path for sign in ("→", "…", "<"))
    if is_code and _can_assign(path, steps):
        return way.format(path)
    return COPY_DEEP.format(name)


def _can_assign(path: str, steps: list[Any]) -> bool:
    """Return whether a path can be assigned to, without code of the user's class.

    A tuple and a frozen dataclass, for example, refuse it.
    """
    owner, method = steps[-2], "__setitem__"
    if not path.endswith("]"):
        owner, method = steps[-3 if type(owner) is dict else -2], "__setattr__"
    methods = (read_dict(base).get(method) for base in read_mro(type(owner)))
    return type(next(filter(None, methods), None)) is WrapperDescriptorType


def _read_referents(
    met: list[tuple[int, Any]],
) -> Iterator[tuple[int, list[Any] | None]]:
    """Yield what each object refers to, unless that is atomic; None for too much.

    The list may grow meanwhile.
    """
    read = 0
    for number, (_, parent) in enumerate(met):
        referents = gc.get_referents(parent)
        read += len(referents)
        if read > _MOST_REFERENCES:
            yield number, None
        elif not _find_kinds(referents) <= _ATOMIC:
            yield number, referents


def _hides(value: Any) -> bool:
    """Return whether an object may refer to objects that cannot be reached."""
    kind = type(value)
    if kind is FunctionType:
        return value.__closure__ is not None
    return contains_identical(_HIDING, kind)
