"""Remembers which variable met each of millions of objects, in little memory.

CPython's objects are at least 16 bytes apart, so one number per 16 bytes of the address
space is enough. The numbers are in regions that are mapped separately. The system
provides a page when it is first touched, so they take a sixteenth of the memory of the
objects, and reclaims all pages when the map is dropped. The allocator, in contrast,
might place a region in a hole of its heap and would have to clear all of it. For up to
a few thousand objects a dict is faster, and needs no numpy.
"""

from __future__ import annotations

import contextlib
import mmap
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # numpy is only imported when there are many objects
    import numpy as np

BATCH = 1 << 15
"""The most objects that are passed at a time."""

_BATCH_BITS = BATCH.bit_length() - 1
_SLOT_BITS = 4
# One region covers a GiB of addresses.
_REGION_BITS = 26


class AddressMap:
    """A number for each object that was claimed; 0 for all others.

    Parameters
    ----------
    highest : int
        The highest number that will be used.
    few : int
        The most objects for which a dict is used.
    """

    def __init__(self, highest: int = 1, few: int = BATCH) -> None:
        self._highest = highest
        self._most_few = few
        self._few: dict[int, int] = {}
        self._regions: dict[int, np.ndarray] | None = None

    def claim(self, objects: list[Any], number: int) -> dict[int, list[Any]]:
        """Assign a number to objects.

        Parameters
        ----------
        objects : list
            At most `BATCH` objects, possibly with duplicates.
        number : int
            Their new number.

        Returns
        -------
        dict of int to list
            The objects, each once, by their previous number.
        """
        if not objects:
            return {}
        if self._regions is None:
            if len(self._few) + len(objects) <= self._most_few:
                return self._claim_few(objects, number)
            self._spread()
        return self._claim_many(objects, number)

    def _claim_few(self, objects: list[Any], number: int) -> dict[int, list[Any]]:
        groups: dict[int, list[Any]] = {}
        few = self._few
        for address, value in {id(value): value for value in objects}.items():
            groups.setdefault(few.get(address, 0), []).append(value)
            few[address] = number
        return groups

    def _claim_many(self, objects: list[Any], number: int) -> dict[int, list[Any]]:
        import numpy as np  # noqa: PLC0415 - see the top

        values, addresses = read_addresses(objects)
        # One sort finds the duplicates, and puts neighbours next to each other.
        keys = (addresses << _BATCH_BITS) | np.arange(len(addresses))
        keys.sort()
        addresses = keys >> _BATCH_BITS
        is_first = np.empty(len(keys), np.bool_)
        is_first[:1] = True
        np.not_equal(addresses[1:], addresses[:-1], out=is_first[1:])
        before = self._swap(addresses[is_first] >> _SLOT_BITS, number)
        values = values[(keys & (BATCH - 1))[is_first]]
        if not before.any():
            return {0: values.tolist()}
        return {
            int(each): values[before == each].tolist() for each in np.unique(before)
        }

    def _swap(self, slots: np.ndarray, number: int) -> np.ndarray:
        """Write a number at ascending slots, and return the previous numbers."""
        import numpy as np  # noqa: PLC0415 - see the top

        assert self._regions is not None, "there are many objects"
        regions = slots >> _REGION_BITS
        cuts = [0, *(np.flatnonzero(np.diff(regions)) + 1).tolist(), len(slots)]
        before = np.empty(len(slots), self._dtype)
        for start, stop in pairwise(cuts):
            region = int(regions[start])
            numbers = self._regions.get(region)
            if numbers is None:
                numbers = np.frombuffer(
                    _map_zeros(self._dtype.itemsize << _REGION_BITS), self._dtype
                )
                self._regions[region] = numbers
            places = slots[start:stop] - (region << _REGION_BITS)
            before[start:stop] = numbers[places]
            numbers[places] = number
        return before

    def _spread(self) -> None:
        import numpy as np  # noqa: PLC0415 - see the top

        self._dtype = np.min_scalar_type(self._highest)
        self._regions = {}
        slots = np.fromiter(self._few, np.int64, len(self._few)) >> _SLOT_BITS
        numbers = np.fromiter(self._few.values(), np.int64, len(self._few))
        self._few.clear()
        for number in np.unique(numbers).tolist():
            self._swap(np.sort(slots[numbers == number]), number)


def _map_zeros(n_bytes: int) -> mmap.mmap:
    """Return zeroed memory whose pages the system provides when they are touched."""
    # Shared, because a limit on a process's data counts private memory in full, and
    # little of this is ever touched.
    mapped = mmap.mmap(-1, n_bytes)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        # A huge page would take 2 MiB for a single number.
        with contextlib.suppress(OSError):
            mapped.madvise(mmap.MADV_NOHUGEPAGE)
    return mapped


def read_addresses(objects: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return objects as an array, and its contents as addresses."""
    import numpy as np  # noqa: PLC0415 - see the top

    values = np.fromiter(objects, dtype=object, count=len(objects))
    return values, np.asarray(_Pointers(values))


class _Pointers:
    """The pointers of an array of objects, as an array of addresses."""

    def __init__(self, values: np.ndarray) -> None:
        self.__array_interface__ = {
            "data": (values.__array_interface__["data"][0], True),
            "shape": values.shape,
            "typestr": "<i8",
            "version": 3,
        }
        self._values = values
