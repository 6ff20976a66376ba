"""Separates values from their memory, and rebuilds them over other memory.

A value is pickled without its arrays, which leaves little, and is unpickled over the
same bytes in another place. This handles arrays, frames and Series in the same way, and
preserves whatever pandas keeps in addition to its arrays. Only what pandas and numpy
make is pickled: labels, attrs and other objects of the user's stay the same objects.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.sizes.registry import name_library

# What is pickled: a built-in value, by the address of its type, and a library's.
_BUILT_IN = frozenset(
    map(id, (type(None), bool, bytes, dict, float, int, list, slice, str, tuple))
)
_LIBRARIES = ("numpy", "pandas")

# The number of bytes to copy at a time.
_BLOCK_BYTES = 32 << 20

# The alignment of arrays.
_ALIGNMENT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The position of an array's memory in the bytes of a layout."""

    offset: int
    strides: tuple[int, ...] | None


class BufferLayout:
    """Values as one sequence of bytes, from which they can be rebuilt.

    Arrays that are views of the same memory remain views of it.

    Parameters
    ----------
    values : list
        Arrays, frames and Series.

    Attributes
    ----------
    bytes : int
        The number of bytes.

    Examples
    --------
    >>> import numpy as np
    >>> whole = np.arange(5)
    >>> layout = BufferLayout([whole, whole[2:]])
    >>> memory = np.concatenate(list(layout.read()))
    >>> again, part = layout.build(memory)
    >>> part[0] = 7
    >>> again
    array([0, 1, 7, 3, 4])
    """

    def __init__(self, values: list[Any]) -> None:
        self._skeleton, self._arrays, self._kept = _take_apart(values)
        self._places: dict[int, _Place] = {}
        # The arrays to read, each with the padding before it.
        self._regions: list[tuple[Any, int]] = []
        self.bytes = 0
        own = {id(value) for value in values}
        for numbers in self._group(own):
            self._add(numbers)

    def read(self) -> Iterator[memoryview]:
        """Yield the bytes, in blocks that are not copied where possible."""
        for array, padding in self._regions:
            if padding:
                yield memoryview(bytes(padding))
            yield from _read_blocks(array)

    def build(self, memory: Any) -> list[Any]:
        """Return the values as views of bytes in memory.

        Parameters
        ----------
        memory : numpy.ndarray
            The bytes, as yielded by `read`.
        """
        import numpy as np  # noqa: PLC0415 - a feature of numpy's

        arrays = []
        for number, array in enumerate(self._arrays):
            place = self._places[number]
            built = np.ndarray(
                array.shape,
                array.dtype,
                buffer=memory,
                offset=place.offset,
                strides=place.strides,
            )
            built.flags.writeable = array.flags.writeable
            arrays.append(built)
        values: list[Any] = _Unpickler(self._skeleton, arrays, self._kept).load()
        return values

    def _group(self, own: set[int]) -> list[list[int]]:
        """Return the arrays by number, grouped by the memory that they share."""
        groups: dict[int, list[int]] = {}
        for number, array in enumerate(self._arrays):
            # pandas must know which memory it shares, so its arrays are not grouped.
            shares = id(array) in own
            key = id(find_root(array)) if shares else -number - 1
            groups.setdefault(key, []).append(number)
        return list(groups.values())

    def _add(self, numbers: list[int]) -> None:
        arrays = [self._arrays[number] for number in numbers]
        root = find_root(arrays[0])
        bounds = [find_bounds(array) for array in arrays]
        low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
        own_bytes = sum(array.nbytes for array in arrays)
        is_dense = len(arrays) > 1 or high - low <= own_bytes
        if is_dense and _is_contiguous(root):
            start = find_bounds(root)[0]
            offset = self._append(_flatten(root)[low - start : high - start])
            for number, array in zip(numbers, arrays, strict=True):
                place = offset + read_address(array) - low
                self._places[number] = _Place(offset=place, strides=array.strides)
        else:
            # A view with gaps does not include the rest of its base.
            for number, array in zip(numbers, arrays, strict=True):
                strides = array.strides if _is_contiguous(array) else None
                place = self._append(array)
                self._places[number] = _Place(offset=place, strides=strides)

    def _append(self, array: Any) -> int:
        """Add an array to those to read, and return its offset."""
        padding = -self.bytes % _ALIGNMENT
        self._regions.append((array, padding))
        offset = self.bytes + padding
        self.bytes = offset + array.nbytes
        return offset


def find_root(array: Any) -> Any:
    """Return the array that owns the memory of a view: itself, or a base."""
    import numpy as np  # noqa: PLC0415 - as above

    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def find_bounds(array: Any) -> tuple[int, int]:
    """Return the first and the past-the-end address of an array's elements."""
    low = high = read_address(array)
    for length, stride in zip(array.shape, array.strides, strict=True):
        reach = (length - 1) * stride
        low, high = low + min(reach, 0), high + max(reach, 0)
    return low, high + array.itemsize


class _Pickler(pickle.Pickler):
    """Pickles a value without its arrays of numbers and the user's objects.

    Attributes
    ----------
    arrays : list of numpy.ndarray
        The arrays of numbers.
    kept : list
        The objects that stay the same.
    """

    def __init__(self, file: io.BytesIO) -> None:
        import numpy as np  # noqa: PLC0415 - as above

        super().__init__(file, protocol=5)
        self._kind = np.ndarray
        self.arrays: list[Any] = []
        self.kept: list[Any] = []
        self._ids: dict[int, tuple[bool, int]] = {}

    def persistent_id(self, obj: Any) -> tuple[bool, int] | None:
        """Return whether an object is kept, and its number; None if it is pickled."""
        if type(obj) is self._kind:
            if not obj.nbytes:
                return None
            is_kept = bool(obj.dtype.hasobject)
        elif id(type(obj)) in _BUILT_IN or _is_of_library(type(obj)):
            return None
        else:
            is_kept = True
        if id(obj) not in self._ids:
            found = self.kept if is_kept else self.arrays
            self._ids[id(obj)] = is_kept, len(found)
            found.append(obj)
        return self._ids[id(obj)]


class _Unpickler(pickle.Unpickler):
    """Unpickles a value with other arrays in place of those that were left out."""

    def __init__(self, skeleton: bytes, arrays: list[Any], kept: list[Any]) -> None:
        super().__init__(io.BytesIO(skeleton))
        self._arrays = arrays
        self._kept = kept

    def persistent_load(self, pid: Any) -> Any:
        """Return the object that `_Pickler.persistent_id` left out."""
        is_kept, number = pid
        return self._kept[number] if is_kept else self._arrays[number]


def _is_of_library(kind: type) -> bool:
    return name_library(kind) in _LIBRARIES


def _take_apart(values: list[Any]) -> tuple[bytes, list[Any], list[Any]]:
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump(values)
    return file.getvalue(), pickler.arrays, pickler.kept


def _read_blocks(array: Any) -> Iterator[memoryview]:
    if _is_contiguous(array):
        flat = _flatten(array)
        for start in range(0, len(flat), _BLOCK_BYTES):
            yield memoryview(flat[start : start + _BLOCK_BYTES])
        return
    step = max(1, _BLOCK_BYTES // array.itemsize)
    for start in range(0, array.size, step):
        yield memoryview(array.flat[start : start + step].view("u1"))


def _is_contiguous(array: Any) -> bool:
    flags = array.flags
    return bool(flags.c_contiguous or flags.f_contiguous)


def _flatten(array: Any) -> Any:
    """Return the bytes of a contiguous array in memory order."""
    return array.reshape(-1, order="A").view("u1")


def read_address(array: Any) -> int:
    """Return the address of an array's first element."""
    address: int = array.__array_interface__["data"][0]
    return address
