"""How much of a block of memory nobody has touched yet, on Linux.

The system provides a page when it is first written to, so an array of ``np.zeros`` or
``np.empty`` takes next to nothing until it is filled. Where zeros were read before they
were written to, all such pages are one, which cannot be distinguished here.
"""

from __future__ import annotations

import mmap
import os

# A smaller block is mostly in memory that was used before.
LEAST_BYTES = 1 << 20

_PAGEMAP = "/proc/self/pagemap"
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
        n_pages = sum(
            _count_pages(file, start, min(end, start + _PAGES_TOGETHER))
            for start in range(first, end, _PAGES_TOGETHER)
        )
    except OSError:
        return 0
    finally:
        os.close(file)
    return n_pages * mmap.PAGESIZE


def _count_pages(file: int, start: int, end: int) -> int:
    import numpy as np  # noqa: PLC0415 - a kernel starts without it

    entries = os.pread(file, (end - start) * _ENTRY_BYTES, start * _ENTRY_BYTES)
    flags = np.frombuffer(entries, np.uint64)
    return len(flags) - int(np.count_nonzero(flags & np.uint64(_PRESENT | _SWAPPED)))
