"""Finds the parts of larger blocks of memory that a variable shows."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from types import (
    AsyncGeneratorType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    ModuleType,
    TracebackType,
)
from typing import Any

from jupyter_memkit.measure.chains import write_chain
from jupyter_memkit.measure.sizes.identity import contains_identical, find_identical
from jupyter_memkit.measure.sizes.loaded import find_loaded

# Only this many columns are checked.
_MOST_COLUMNS = 1000
# Values that refer to more objects are not searched.
_MOST_OBJECTS = 10_000

_BYTES = (bytes, bytearray)
# Types that refer to objects which cannot all be reached or replaced.
_HIDING = (FrameType, TracebackType, GeneratorType, CoroutineType, AsyncGeneratorType)

# Statements that replace a part with a copy.
_COPY = "{0} = {0}.copy()"
_COPY_DEEP = "import copy; {0} = copy.deepcopy({0})"
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
    cure : str
        The line that replaces the part with a copy.
    block : numpy.ndarray, bytes or bytearray
        The owner of the memory.
    view_bytes : int
        The size of the shown part.
    """

    cure: str
    block: Any
    view_bytes: int

    def cure_for(self, path: str) -> Shown:
        """Return it with the cure for the path where it was found."""
        return replace(self, cure=self.cure.format(path))


class ShownFinder:
    """Finds the parts of arrays, bytes and byte arrays that variables show."""

    def __init__(self) -> None:
        names = ("ndarray", "matrix", "recarray", "void")
        arrays = [find_loaded("numpy", name) for name in names]
        arrays.append(find_loaded("numpy.ma", "MaskedArray"))
        self._arrays = tuple(kind for kind in arrays if kind is not None)
        known: list[tuple[Any, Callable[[Any], Iterator[Shown]]]] = [
            *((kind, self._read_array) for kind in self._arrays),
            *((kind, self._read_bytes) for kind in _BYTES),
            (memoryview, self._read_memoryview),
            (find_loaded("pandas", "DataFrame"), self._read_frame),
            (find_loaded("pandas", "Series"), self._read_series),
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
            yield from (each.cure_for(name) for each in self._read(value))
        elif way is not None:
            yield from self._read_container(name, value, way)
        else:
            yield from self._read_deep(name, value)

    def _read(self, value: Any) -> Iterator[Shown]:
        """Yield the parts that a value itself shows; none for other types."""
        read = self._readers.get(id(type(value)))
        if read is not None:
            yield from read(value)

    def _read_container(self, name: str, value: Any, way: str) -> Iterator[Shown]:
        elements = list(value.values() if type(value) is dict else value)
        if len(elements) > _MOST_OBJECTS:
            return
        found = [list(self._read(each)) for each in elements]
        # One line is only enough if all elements have a `copy` method.
        if all(found) and all(part.cure == _COPY for each in found for part in each):
            parts = chain.from_iterable(found)
            yield from (replace(part, cure=way.format(name)) for part in parts)
        else:
            yield from self._read_deep(name, value)

    def _read_deep(self, name: str, value: Any) -> list[Shown]:
        """Return the parts shown by objects that a value refers to, if they are few."""
        found: list[Shown] = []
        seen = {id(value)}
        # Each object with the number of the one that refers to it. The list grows
        # during the loop.
        met: list[tuple[int, Any]] = [(0, value)]
        for number, (_, parent) in enumerate(met):
            for each in gc.get_referents(parent):
                if id(each) in seen:
                    continue
                seen.add(id(each))
                if id(type(each)) in self._readers:
                    path = _write_path(name, [*_find_way(met, number), each])
                    for part in self._read(each):
                        if path is None:
                            part = replace(part, cure=_COPY_DEEP)  # noqa: PLW2901
                        found.append(part.cure_for(path or name))
                elif _hides(each) or len(seen) > _MOST_OBJECTS:
                    return []
                elif not issubclass(type(each), (FunctionType, ModuleType, type)):
                    met.append((number, each))
        return found

    def _read_bytes(self, value: Any) -> Iterator[Shown]:
        yield Shown(_COPY_DEEP, value, len(value))

    def _read_memoryview(self, value: memoryview) -> Iterator[Shown]:
        if value.ndim == 1:
            yield from self._show(_COPY_MEMORYVIEW, value)

    def _read_array(self, value: Any) -> Iterator[Shown]:
        yield from self._show(_COPY, value)

    def _read_series(self, value: Any) -> Iterator[Shown]:
        # A nullable column consists of two arrays, an Arrow column of none.
        for name in ("_ndarray", "_data", "_mask"):
            array = getattr(value.array, name, None)
            if contains_identical(self._arrays, type(array)):
                yield from self._show(_COPY, array)
        yield from self._read_index(value.index)

    def _read_frame(self, value: Any) -> Iterator[Shown]:
        for number in range(min(value.shape[1], _MOST_COLUMNS)):
            parts = self._read_series(value.iloc[:, number])
            yield from (each for each in parts if each.cure != _COPY_INDEX)
        yield from self._read_index(value.index)

    def _read_index(self, index: Any) -> Iterator[Shown]:
        array = getattr(index.array, "_ndarray", None)
        is_plain = type(index) is find_loaded("pandas", "Index")
        if is_plain and contains_identical(self._arrays, type(array)):
            yield from self._show(_COPY_INDEX, array)

    def _show(self, cure: str, view: Any) -> Iterator[Shown]:
        """Yield a view of an array or of bytes, if a copy would free the memory."""
        block = view
        while block is not None:
            kind = type(block)
            if contains_identical(_BYTES, kind):
                yield Shown(cure, block, view.nbytes)
                return
            if kind is memoryview:
                block = block.obj
            elif not contains_identical(self._arrays, kind):
                # The memory of a file or another library.
                return
            elif block.base is None:
                yield Shown(cure, block, view.nbytes)
                return
            else:
                block = block.base


def _find_way(met: list[tuple[int, Any]], number: int) -> list[Any]:
    """Return the objects that lead from the first to another."""
    way = []
    while number:
        before, value = met[number]
        way.append(value)
        number = before
    return [met[0][1], *reversed(way)]


def _write_path(name: str, steps: list[Any]) -> str | None:
    """Return the expression for a part; None if it cannot be assigned to."""
    path = write_chain(name, steps)
    is_code = not any(sign in path for sign in ("→", "…", "<"))
    return path if is_code and type(steps[-2]) is not tuple else None


def _hides(value: Any) -> bool:
    """Return whether an object may refer to objects that cannot be reached."""
    kind = type(value)
    if kind is FunctionType:
        return value.__closure__ is not None
    return contains_identical(_HIDING, kind)
