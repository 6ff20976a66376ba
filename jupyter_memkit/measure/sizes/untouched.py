"""Finds the untouched part of a block of memory, on Linux.

The system provides a page when it is first written to, so an array of ``np.zeros`` or
``np.empty`` takes next to nothing until it is filled. Untouched pages that were only
read all map to one page of zeros. Linux reports this from 6.7 on; before, there are
only bounds (`page_entries`). The pages of a mapped file that the process has copied by
writing to them are found in the same way.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass

from jupyter_memkit.measure.sizes.page_entries import PageEntries, count_entries

# Smaller blocks are mostly in memory that was used before, which ``calloc`` clears; it
# leaves what the system has just provided untouched.
LEAST_BYTES = 1 << 16

_PAGEMAP = "/proc/self/pagemap"
# The request `PAGEMAP_SCAN` and its argument `struct pm_scan_arg` (linux/fs.h), which
# has a field for the address that the scan reached.
_SCAN, _SCAN_ARGUMENT, _SCANNED_PLACE = 0xC0606610, struct.Struct("=12Q"), 4
_IS_FILE, _IS_PRESENT, _IS_SWAPPED, _IS_THE_ZERO_PAGE = 1 << 2, 1 << 3, 1 << 4, 1 << 5
# A range of pages of one category is three numbers: start, end, category.
_NUMBERS, _RANGES_TOGETHER = 3, 128
_Ranges = ctypes.c_uint64 * (_NUMBERS * _RANGES_TOGETHER)


@dataclass(frozen=True, slots=True)
class Untouched:
    """The part of a block that the system has not provided.

    Attributes
    ----------
    bytes : float
        Its length.
    doubtful_bytes : float
        How far off `bytes` can be, in both directions.
    """

    bytes: float = 0.0
    doubtful_bytes: float = 0.0


class UntouchedFinder:
    """Finds the untouched parts of blocks, for one measurement."""

    def __init__(self) -> None:
        self._entries: PageEntries | None = None

    def find(self, address: int, n_bytes: int) -> Untouched:
        """Return the part of a block that the system has not provided.

        Parameters
        ----------
        address : int
            The first address of the block.
        n_bytes : int
            Its length.

        Returns
        -------
        Untouched
            No bytes where the system does not report them.

        Examples
        --------
        >>> import numpy as np
        >>> values = np.ones(1 << 20)
        >>> UntouchedFinder().find(values.ctypes.data, values.nbytes).bytes
        0.0
        """
        start = -(-address // mmap.PAGESIZE) * mmap.PAGESIZE
        end = (address + n_bytes) // mmap.PAGESIZE * mmap.PAGESIZE
        try:
            least, most = _bound(start, end, _IS_THE_ZERO_PAGE, self._bound_by_entries)
        except OSError:
            return Untouched()
        return Untouched(end - start - (least + most) / 2, (most - least) / 2)

    def _bound_by_entries(
        self, file: int | None, start: int, end: int
    ) -> tuple[int, int]:
        if self._entries is None:
            self._entries = PageEntries()
        return self._entries.bound_provided(file, start, end)


def count_copied(address: int, n_bytes: int) -> int:
    """Return the bytes of a mapped file's pages that the process has copied.

    A private mapping is copied on write: a page that is written to no longer belongs to
    the file.

    Parameters
    ----------
    address : int
        The first address of the block.
    n_bytes : int
        Its length.
    """
    start = address // mmap.PAGESIZE * mmap.PAGESIZE
    end = -(-(address + n_bytes) // mmap.PAGESIZE) * mmap.PAGESIZE
    copied, _ = _bound(start, end, _IS_THE_ZERO_PAGE | _IS_FILE, _count_copied)
    return min(n_bytes, copied)


def _count_copied(file: int | None, start: int, end: int) -> tuple[int, int]:
    copied = 0 if file is None else count_entries(file, start, end, no_files=True)
    return copied, copied


def _bound(
    start: int,
    end: int,
    without: int,
    otherwise: Callable[[int | None, int, int], tuple[int, int]],
) -> tuple[int, int]:
    """Return the least and the most bytes of the pages that the process has.

    Parameters
    ----------
    start, end : int
        The block, in whole pages.
    without : int
        The categories of pages that do not count.
    otherwise : callable
        Returns the bounds where the system does not support the scan, from the page
        map, which is None if it cannot be read, and from the block.
    """
    try:
        file = os.open(_PAGEMAP, os.O_RDONLY)
    except OSError:
        return otherwise(None, start, end)
    try:
        n_bytes = _scan(file, start, end, without)
    except OSError:
        # An older kernel, or a sandbox.
        return otherwise(file, start, end)
    else:
        return n_bytes, n_bytes
    finally:
        os.close(file)


def _scan(file: int, start: int, end: int, without: int) -> int:
    import fcntl  # noqa: PLC0415 - Windows lacks it

    n_bytes = 0
    ranges = _Ranges()
    while start < end:
        where = (start, end, 0, ctypes.addressof(ranges), _RANGES_TOGETHER, 0)
        # Pages that are present or swapped, without the excluded ones; one category.
        what = (without, without, _IS_PRESENT | _IS_SWAPPED, 0)
        argument = bytearray(_SCAN_ARGUMENT.pack(_SCAN_ARGUMENT.size, 0, *where, *what))
        count = fcntl.ioctl(file, _SCAN, argument)
        numbers = ranges[: _NUMBERS * count]
        n_bytes += sum(numbers[1::_NUMBERS]) - sum(numbers[::_NUMBERS])
        start = _SCAN_ARGUMENT.unpack(argument)[_SCANNED_PLACE]
    return n_bytes
