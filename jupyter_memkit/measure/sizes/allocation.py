"""What the allocator takes for one object, without what the object refers to.

`sys.getsizeof` tells what an object asks for. CPython's allocator gives that in steps
of 16 bytes up to 512 (Objects/obmalloc.c), and the C library above it in steps of 16
with a header of 8: a float asks for 24 bytes and takes 32, a third more. Lists, dicts,
sets and byte arrays are two allocations, which round up on their own, and a deque has
one more for each block.
"""

from __future__ import annotations

import array
import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from types import BuiltinFunctionType, MethodDescriptorType
from typing import Any

from jupyter_memkit.measure.sizes.raw_reads import (
    WORD_BYTES,
    read_basicsize,
    read_dict,
    read_flags,
    read_itemsize,
    read_mro,
)
from jupyter_memkit.measure.sizes.shared_keys import (
    HAS_EMBEDDED_VALUES,
    MOST_PLACES,
    count_array_bytes,
    has_embedded_values,
)

_SMALL_BYTES = 512
# Small objects of one size come in pools, which have a header and a rest at the end.
_POOL_BYTES = 16 * 1024
_POOL_HEADER_BYTES = 48
_HEADER_BYTES = 8
_LEAST_MALLOC_BYTES = 32
_PAGE_BYTES = 4096
# From here on glibc maps an allocation by itself, whatever it has learned before.
_MAPPED_BYTES = 32 * 1024 * 1024

_HAS_INLINE_VALUES = 1 << 2
_HAS_MANAGED_WEAKREF = 1 << 3
_HAS_MANAGED_DICT = 1 << 4
_HAS_GC = 1 << 14

_TWO_ALLOCATIONS = (array.array, bytearray, deque, dict, frozenset, list, set)
# Of these only the objects of subclasses are two allocations.
_COMPACT = (str,)
# The ``__sizeof__`` of these has not the fields of a subclass in it.
_COUNTING_ITEMS = (int, str)
_DEQUE_BLOCK_BYTES = deque(range(200)).__sizeof__() - deque(range(136)).__sizeof__()


_GC_BYTES = sys.getsizeof(()) - ().__sizeof__()
_MANAGED_BYTES = 16

# A dict that shares its keys has an array of values, of which its ``__sizeof__`` knows
# the values alone. As long as some are the keys of a dict of its own: these are left
# out.
_OWN_KEYS_BYTES = (120, 160, 208)
_SHARED_VALUES_BYTES = {
    n * WORD_BYTES: count_array_bytes(n)
    for n in range(1, MOST_PLACES + 1)
    if sys.version_info >= (3, 11) and n * WORD_BYTES not in _OWN_KEYS_BYTES
}

_object_sizeof = object.__dict__["__sizeof__"]


def allocated(n_bytes: int) -> int:
    """Return what the allocator takes for a request.

    Parameters
    ----------
    n_bytes : int
        The bytes that are asked for.

    Returns
    -------
    int
        The bytes that are taken.

    Examples
    --------
    >>> allocated(24), allocated(520)
    (32, 528)
    """
    return (n_bytes + 15) & ~15 if n_bytes <= _SMALL_BYTES else malloced(n_bytes)


def malloced(n_bytes: int) -> int:
    """Return what the C library takes for a request, however small.

    Examples
    --------
    >>> malloced(8), malloced(40)
    (32, 48)
    """
    if n_bytes < _MAPPED_BYTES:
        return max(_LEAST_MALLOC_BYTES, (n_bytes + _HEADER_BYTES + 15) & ~15)
    return (n_bytes + 2 * _HEADER_BYTES + _PAGE_BYTES - 1) & ~(_PAGE_BYTES - 1)


def allocated_together(n_bytes: int, count: int) -> int:
    """Return what the allocator takes for many requests of one size.

    Parameters
    ----------
    n_bytes : int
        The bytes that each asks for.
    count : int
        How many requests there are.

    Returns
    -------
    int
        The bytes that are taken, with what is lost in the pools that they fill.
    """
    each = allocated(n_bytes)
    if not 0 < each <= _SMALL_BYTES:
        return each * count
    in_pool = (_POOL_BYTES - _POOL_HEADER_BYTES) // each
    return each * count + count // in_pool * (_POOL_BYTES - in_pool * each)


def has_referents(kind: type) -> bool:
    """Tell whether the objects of a type can refer to others that Python knows of."""
    return bool(read_flags(kind) & _HAS_GC)


def has_managed_dict(kind: type) -> bool:
    """Tell whether the attributes of a type's objects may lie beside them.

    From Python 3.11 on they do until somebody asks for the ``__dict__``.
    """
    if sys.version_info >= (3, 13):
        return bool(read_flags(kind) & _HAS_INLINE_VALUES)
    return sys.version_info >= (3, 11) and bool(read_flags(kind) & _HAS_MANAGED_DICT)


def find_sizeof(kind: type) -> tuple[Callable[[Any], int], bool]:
    """Return what tells the bytes that an object of a type asks for.

    It never runs code of the user's: where a class has a ``__sizeof__`` of its own,
    that of the nearest base that is written in C is used.

    Returns
    -------
    function : callable
        Takes an object and returns bytes, what the collector keeps beside the object
        included.
    is_fixed : bool
        Whether it returns the same for every object of the type.
    """
    is_overridden = False
    for base in read_mro(kind):
        function = read_dict(base).get("__sizeof__")
        if type(function) is MethodDescriptorType:
            break
        is_overridden = is_overridden or function is not None
    is_fixed = function is _object_sizeof and not read_itemsize(kind)
    if not is_overridden:
        return sys.getsizeof, is_fixed
    before = _preheader_bytes(kind)
    return lambda value: function(value) + before, is_fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the objects of a type are allocated.

    Attributes
    ----------
    surplus_bytes : int
        What an object has over what its ``__sizeof__`` returns.
    header_bytes : int
        The part of an object that is an allocation by itself, 0 for all of it.
    block_bytes : int
        The length of each of the allocations that follow, 0 where it is one.
    is_dict : bool
        Whether the second allocation is that of a dict.
    """

    surplus_bytes: int = 0
    header_bytes: int = 0
    block_bytes: int = 0
    is_dict: bool = False

    def count_allocated(self, objects: list[Any], sizeof: Callable[[Any], int]) -> int:
        """Add up what the allocator takes for objects.

        Parameters
        ----------
        objects : list
            Objects of one type.
        sizeof : callable
            Takes an object and returns what it asks for.

        Returns
        -------
        int
            The sum in bytes.
        """
        total_bytes = 0
        # Millions of objects have a few sizes.
        counts = Counter(map(sizeof, objects))
        if self.is_dict and HAS_EMBEDDED_VALUES:
            total_bytes += self._take_out_embedded(counts, objects, sizeof)
        for size, count in counts.items():
            total_bytes += self._count_alike(size + self.surplus_bytes, count)
        return total_bytes

    def _take_out_embedded(
        self, counts: Counter[int], objects: list[Any], sizeof: Callable[[Any], int]
    ) -> int:
        """Return what dicts take whose values lie in another object, and uncount them.

        The ``__sizeof__`` of such a dict knows values that are not its own.
        """
        shared = {
            size for size in counts if size - self.header_bytes in _SHARED_VALUES_BYTES
        }
        if not shared:
            return 0
        embedded = [
            size
            for value, size in zip(objects, map(sizeof, objects), strict=True)
            if size in shared and has_embedded_values(value)
        ]
        counts.subtract(embedded)
        return allocated_together(self.header_bytes, len(embedded))

    def _count_alike(self, n_bytes: int, count: int) -> int:
        if not self.header_bytes:
            return allocated_together(n_bytes, count)
        head = min(n_bytes, self.header_bytes)
        rest, times = n_bytes - head, 1
        if self.is_dict:
            rest = _SHARED_VALUES_BYTES.get(rest, rest)
        if self.block_bytes:
            times, rest = rest // self.block_bytes, self.block_bytes
        heads = allocated_together(head, count)
        return heads + allocated_together(rest, count * times)


def find_layout(kind: type) -> Layout:
    """Return how the objects of a type are allocated."""
    mro = read_mro(kind)
    is_two = any(base is each for base in mro for each in _TWO_ALLOCATIONS)
    is_two |= any(base is each for base in mro[1:] for each in _COMPACT)
    is_deque = any(base is deque for base in mro)
    return Layout(
        surplus_bytes=_find_surplus(kind, mro),
        header_bytes=object_bytes(kind) if is_two else 0,
        block_bytes=_DEQUE_BLOCK_BYTES if is_deque else 0,
        is_dict=any(base is dict for base in mro),
    )


def _find_surplus(kind: type, mro: tuple[type, ...]) -> int:
    """Return what an object has over what its ``__sizeof__`` returns."""
    fields_bytes = sum(
        int(read_basicsize(kind) - read_basicsize(each))
        for each in _COUNTING_ITEMS
        if any(base is each for base in mro)
    )
    if not read_itemsize(kind) or not any(
        base is each for base in mro[1:] for each in (bytes, int, tuple)
    ):
        return fields_bytes
    own = read_dict(kind)
    named, all_fields = own.get("n_sequence_fields"), own.get("n_fields")
    if type(own.get("__new__")) is BuiltinFunctionType and type(all_fields) is int:
        # A struct sequence is longer than the tuple that it looks like.
        return int((all_fields - named) * read_itemsize(kind))
    # The allocation of a subclass has an item more (`PyType_GenericAlloc`).
    return fields_bytes + int(read_itemsize(kind))


def object_bytes(kind: type) -> int:
    """Return what an object of a type asks for without its items."""
    return int(read_basicsize(kind)) + _preheader_bytes(kind)


def _preheader_bytes(kind: type) -> int:
    """Return what lies before an object: the collector's and other managed fields."""
    flags = read_flags(kind)
    n_bytes = _GC_BYTES if flags & _HAS_GC else 0
    managed = _HAS_MANAGED_DICT
    if sys.version_info >= (3, 12):
        managed |= _HAS_MANAGED_WEAKREF
    if sys.version_info >= (3, 11) and flags & managed:
        n_bytes += _MANAGED_BYTES
    return n_bytes
