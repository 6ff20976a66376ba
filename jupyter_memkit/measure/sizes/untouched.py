"""How much of a block of memory nobody has touched yet, on Linux.

The system provides a page when it is first written to, so an array of ``np.zeros`` or
``np.empty`` takes next to nothing until it is filled. Where zeros are read before they
are written to, all such pages are one, which Linux tells from 6.7 on; before, they
count as provided.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct

# A smaller block is mostly in memory that was used before.
LEAST_BYTES = 1 << 20

_PAGEMAP = "/proc/self/pagemap"
# The request `PAGEMAP_SCAN` and its argument `struct pm_scan_arg` (linux/fs.h), of
# which a number says how far the scan came.
_SCAN, _SCAN_ARGUMENT, _SCANNED_PLACE = 0xC0606610, struct.Struct("=12Q"), 4
_IS_PRESENT, _IS_SWAPPED, _IS_THE_ZERO_PAGE = 1 << 3, 1 << 4, 1 << 5
# A stretch of pages that are alike is three numbers: its start, its end, what they are.
_NUMBERS, _STRETCHES_TOGETHER = 3, 4096
_Stretches = ctypes.c_uint64 * (_NUMBERS * _STRETCHES_TOGETHER)

_ENTRY_BYTES = 8
_PAGES_TOGETHER = 1 << 17
# A page is in memory, or in the swap space (Documentation/admin-guide/mm/pagemap.rst).
_PRESENT, _SWAPPED = 1 << 63, 1 << 62


def count_untouched(address: int, n_bytes: int) -> int:
    """Return the bytes of the pages in a block that the system has not provided.

    Parameters
    ----------
    address : int
        Where the block begins.
    n_bytes : int
        Its length.

    Returns
    -------
    int
        Bytes; 0 where the system does not say.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.ones(1 << 20)
    >>> count_untouched(values.ctypes.data, values.nbytes)
    0
    """
    first = -(-address // mmap.PAGESIZE)
    end = (address + n_bytes) // mmap.PAGESIZE
    try:
        file = os.open(_PAGEMAP, os.O_RDONLY)
    except OSError:
        return 0
    try:
        return (end - first) * mmap.PAGESIZE - _count_provided(file, first, end)
    except OSError:
        return 0
    finally:
        os.close(file)


def _count_provided(file: int, first: int, end: int) -> int:
    """Return the bytes of the pages from one to another that are provided."""
    try:
        return _scan(file, first * mmap.PAGESIZE, end * mmap.PAGESIZE)
    except OSError:
        # An older kernel, or a sandbox that does not know the request.
        return mmap.PAGESIZE * sum(
            _count_entries(file, start, min(end, start + _PAGES_TOGETHER))
            for start in range(first, end, _PAGES_TOGETHER)
        )


def _scan(file: int, start: int, end: int) -> int:
    import fcntl  # noqa: PLC0415 - Windows lacks it

    n_bytes = 0
    stretches = _Stretches()
    while start < end:
        where = (start, end, 0, ctypes.addressof(stretches), _STRETCHES_TOGETHER, 0)
        # Neither the zero page nor nothing, and none of it is to be told apart.
        what = (_IS_THE_ZERO_PAGE, _IS_THE_ZERO_PAGE, _IS_PRESENT | _IS_SWAPPED, 0)
        argument = bytearray(_SCAN_ARGUMENT.pack(_SCAN_ARGUMENT.size, 0, *where, *what))
        count = fcntl.ioctl(file, _SCAN, argument)
        numbers = stretches[: _NUMBERS * count]
        n_bytes += sum(numbers[1::_NUMBERS]) - sum(numbers[::_NUMBERS])
        start = _SCAN_ARGUMENT.unpack(argument)[_SCANNED_PLACE]
    return n_bytes


def _count_entries(file: int, start: int, end: int) -> int:
    import numpy as np  # noqa: PLC0415 - a kernel starts without it

    entries = os.pread(file, (end - start) * _ENTRY_BYTES, start * _ENTRY_BYTES)
    flags = np.frombuffer(entries, np.uint64)
    return int(np.count_nonzero(flags & np.uint64(_PRESENT | _SWAPPED)))
