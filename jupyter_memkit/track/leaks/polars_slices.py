"""Estimates what a slice of polars data keeps after its end.

Neither polars nor Arrow's interface reports how long the buffers of a slice are, only
where they begin. But a large buffer is separate from others, and all its pages are in
memory. So the memory that follows every column without a gap, for the same number of
rows, is the rest of the data that the slice was cut from.
"""

from __future__ import annotations

import mmap
import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any

from jupyter_memkit.measure.sizes.arrow_c import find_buffers
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.measure.sizes.parts import Buffer

# Freed memory and small buffers can follow a column as well, but rarely as much.
_LEAST_BYTES = 8 << 20

# The bytes per row of numbers, dates, and views of strings.
_WIDTHS = (1, 2, 4, 8, 16)

# The last byte of a page's entry, if the page is neither in memory nor in swap.
_ABSENT = re.compile(rb"[\x00-\x3f]")
_ENTRY_BYTES = 8
_PAGES_TOGETHER = 1 << 12


class RestFinder:
    """Estimates what slices keep after their ends.

    Parameters
    ----------
    values : iterable
        Frames and series, which have the memory from their starts to their ends.
    """

    def __init__(self, values: Iterable[Any]) -> None:
        columns = (column for value in values for column in _list_columns(value))
        self._starts = sorted(
            buffer.address for column in columns for buffer in _read_buffers(column)
        )

    def find(self, value: Any) -> int:
        """Return the bytes that a frame or series keeps after its end.

        Parameters
        ----------
        value : polars.DataFrame or polars.Series
            Any; one with rows of varying size is measured by its other columns.

        Returns
        -------
        int
            An estimate; 0 if it is small, or the system does not report it.
        """
        n_rows = len(value)
        # For each column its bytes per row, and how many rows may follow.
        follows = [
            (width, self._count_run(buffer.address + buffer.bytes) // width)
            for column in _list_columns(value)
            for buffer in _read_buffers(column)
            for width in _WIDTHS
            if buffer.bytes == width * n_rows
        ]
        n_bytes = sum(width for width, _ in follows) * min(
            (rows for _, rows in follows), default=0
        )
        return n_bytes if n_bytes >= _LEAST_BYTES else 0

    def _count_run(self, address: int) -> int:
        """Return the bytes in memory from an address to a gap or a known buffer."""
        place = bisect_left(self._starts, address)
        if place == len(self._starts):
            return _count_run(address)
        return min(_count_run(address), self._starts[place] - address)


def _list_columns(value: Any) -> Iterator[Any]:
    frame = find_loaded("polars", "DataFrame")
    if frame is not None and type(value) is frame:
        yield from frame.get_columns(value)
    elif type(value) is find_loaded("polars", "Series"):
        yield value


def _read_buffers(column: Any) -> list[Buffer]:
    try:
        return find_buffers(type(column).__arrow_c_stream__(column))
    except Exception:  # noqa: BLE001 - the errors of polars have no common type
        return []  # A type that does not exist in Arrow.


def _count_run(address: int) -> int:
    """Return the bytes in memory from the page after an address to the first gap."""
    page = first = -(-address // mmap.PAGESIZE)
    try:
        file = os.open("/proc/self/pagemap", os.O_RDONLY)
    except OSError:
        return 0
    try:
        while True:
            n_bytes = _PAGES_TOGETHER * _ENTRY_BYTES
            entries = os.pread(file, n_bytes, page * _ENTRY_BYTES)
            lasts = entries[_ENTRY_BYTES - 1 :: _ENTRY_BYTES]
            absent = _ABSENT.search(lasts)
            page += len(lasts) if absent is None else absent.start()
            if absent is not None or len(entries) < n_bytes:
                return (page - first) * mmap.PAGESIZE
    except OSError:
        return 0
    finally:
        os.close(file)
