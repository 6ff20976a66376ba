"""The memory that the allocator uses for one object, without its referents.

`sys.getsizeof` returns the bytes that an object requests. CPython's allocator rounds
requests of up to 512 bytes up to a multiple of 16 (Objects/obmalloc.c); above that, the
C library adds a header of 8 bytes and rounds the same way. So a float requests 24 bytes
and takes 32, a third more. Lists, dicts, sets and byte arrays are two allocations, each
rounded up, and a deque has one more per block.
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
# Small objects of one size are in pools, which have a header and a remainder.
_POOL_BYTES = 16 * 1024
_POOL_HEADER_BYTES = 48
_HEADER_BYTES = 8
_LEAST_MALLOC_BYTES = 32
_PAGE_BYTES = 4096
# From this size on glibc maps an allocation separately, whatever its dynamic threshold.
_MAPPED_BYTES = 32 * 1024 * 1024

_HAS_INLINE_VALUES = 1 << 2
_HAS_MANAGED_WEAKREF = 1 << 3
_HAS_MANAGED_DICT = 1 << 4
_HAS_GC = 1 << 14

_TWO_ALLOCATIONS = (array.array, bytearray, deque, dict, frozenset, list, set)
# Of these, only the objects of subclasses are two allocations.
_COMPACT = (str,)
# The ``__sizeof__`` of these does not include the fields of a subclass.
_COUNTING_ITEMS = (int, str)
_DEQUE_BLOCK_BYTES = deque(range(200)).__sizeof__() - deque(range(136)).__sizeof__()


_GC_BYTES = sys.getsizeof(()) - ().__sizeof__()
_MANAGED_BYTES = 16

# A dict that shares its keys has an array of values, and its ``__sizeof__`` counts only
# the values. Lengths that a dict's own table of keys can have too are left out.
_OWN_KEYS_BYTES = (120, 160, 208)
_SHARED_VALUES_BYTES = {
    n * WORD_BYTES: count_array_bytes(n)
    for n in range(1, MOST_PLACES + 1)
    if sys.version_info >= (3, 11) and n * WORD_BYTES not in _OWN_KEYS_BYTES
}

_object_sizeof = object.__dict__["__sizeof__"]


def allocated(n_bytes: int) -> int:
    """Return the bytes that the allocator uses for a request.

    Parameters
    ----------
    n_bytes : int
        The requested bytes.

    Returns
    -------
    int
        The bytes that are used.

    Examples
    --------
    >>> allocated(24), allocated(520)
    (32, 528)
    """
    return (n_bytes + 15) & ~15 if n_bytes <= _SMALL_BYTES else malloced(n_bytes)


def malloced(n_bytes: int) -> int:
    """Return the bytes that the C library uses for a request of any size.

    Examples
    --------
    >>> malloced(8), malloced(40)
    (32, 48)
    """
    if n_bytes < _MAPPED_BYTES:
        return max(_LEAST_MALLOC_BYTES, (n_bytes + _HEADER_BYTES + 15) & ~15)
    return (n_bytes + 2 * _HEADER_BYTES + _PAGE_BYTES - 1) & ~(_PAGE_BYTES - 1)


def allocated_together(n_bytes: int, count: int) -> int:
    """Return the bytes that the allocator uses for many requests of one size.

    Parameters
    ----------
    n_bytes : int
        The requested bytes, each time.
    count : int
        The number of requests.

    Returns
    -------
    int
        The bytes that are used, including the overhead of the pools that they fill.
    """
    each = allocated(n_bytes)
    if not 0 < each <= _SMALL_BYTES:
        return each * count
    in_pool = (_POOL_BYTES - _POOL_HEADER_BYTES) // each
    return each * count + count // in_pool * (_POOL_BYTES - in_pool * each)


def has_referents(kind: type) -> bool:
    """Return whether objects of a type can have referents known to the collector."""
    return bool(read_flags(kind) & _HAS_GC)


def has_managed_dict(kind: type) -> bool:
    """Return whether the attributes of a type's objects may be stored without a dict.

    From Python 3.11 on they are, until the ``__dict__`` is accessed.
    """
    if sys.version_info >= (3, 13):
        return bool(read_flags(kind) & _HAS_INLINE_VALUES)
    return sys.version_info >= (3, 11) and bool(read_flags(kind) & _HAS_MANAGED_DICT)


def find_sizeof(kind: type) -> tuple[Callable[[Any], int], bool]:
    """Return a function for the bytes that an object of a type requests.

    It never runs the user's code: where a class defines ``__sizeof__`` in Python, the
    method of the nearest base written in C is used.

    Returns
    -------
    function : callable
        Takes an object and returns bytes, including the collector's header.
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
        The bytes of an object that its ``__sizeof__`` does not count.
    header_bytes : int
        The length of the first of several allocations; 0 if there is only one.
    block_bytes : int
        The length of each further allocation; 0 if there is one of any length.
    is_dict : bool
        Whether the second allocation can be a dict's array of values.
    """

    surplus_bytes: int = 0
    header_bytes: int = 0
    block_bytes: int = 0
    is_dict: bool = False

    def count_allocated(self, objects: list[Any], sizeof: Callable[[Any], int]) -> int:
        """Add up the bytes that the allocator uses for objects.

        Parameters
        ----------
        objects : list
            Objects of one type.
        sizeof : callable
            Takes an object and returns the bytes that it requests.

        Returns
        -------
        int
            The sum in bytes.
        """
        total_bytes = 0
        # Millions of objects have only a few sizes.
        counts = Counter(map(sizeof, objects))
        if self.is_dict and HAS_EMBEDDED_VALUES:
            total_bytes += self._take_out_embedded(counts, objects, sizeof)
        for size, count in counts.items():
            total_bytes += self._count_alike(size + self.surplus_bytes, count)
        return total_bytes

    def _take_out_embedded(
        self, counts: Counter[int], objects: list[Any], sizeof: Callable[[Any], int]
    ) -> int:
        """Return the bytes of dicts whose values are in another object; uncount them.

        The ``__sizeof__`` of such a dict counts values that are not its own.
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
        # No other type shares its keys.
        is_dict=kind is dict,
    )


def _find_surplus(kind: type, mro: tuple[type, ...]) -> int:
    """Return the bytes of an object that its ``__sizeof__`` does not count."""
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
        # A struct sequence has more items than it shows as a tuple.
        return int((all_fields - named) * read_itemsize(kind))
    # The allocation of a subclass has one more item (`PyType_GenericAlloc`).
    return fields_bytes + int(read_itemsize(kind))


def object_bytes(kind: type) -> int:
    """Return the bytes that an object of a type requests, without its items."""
    return int(read_basicsize(kind)) + _preheader_bytes(kind)


def _preheader_bytes(kind: type) -> int:
    """Return the bytes before an object: the collector's header and managed fields."""
    flags = read_flags(kind)
    n_bytes = _GC_BYTES if flags & _HAS_GC else 0
    managed = _HAS_MANAGED_DICT
    if sys.version_info >= (3, 12):
        managed |= _HAS_MANAGED_WEAKREF
    if sys.version_info >= (3, 11) and flags & managed:
        n_bytes += _MANAGED_BYTES
    return n_bytes
