"""Bounds how much of a block the system has provided, on Linux before 6.7.

There, the entries of the page map do not distinguish a page of the process from the one
page of zeros that all reads of untouched memory share. But the system reports how much
of each mapping is resident, not counting that page, which bounds the figure for a part
of the mapping.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# The memory of a mapping, in kB (Documentation/filesystems/proc.rst, smaps).
_SMAPS = "/proc/self/smaps"
_RESIDENT = ("Rss:", "Swap:", "Shared_Hugetlb:", "Private_Hugetlb:")

_ENTRY_BYTES = 8
_BYTES_TOGETHER = mmap.PAGESIZE << 17
# The flags of a page: in memory, in swap space, part of a file
# (Documentation/admin-guide/mm/pagemap.rst).
_PRESENT, _SWAPPED, _FILE = 1 << 63, 1 << 62, 1 << 61


@dataclass(frozen=True, slots=True)
class _Mapping:
    start: int
    end: int
    resident_bytes: int


class PageEntries:
    """The entries of the process's page map, and the memory of its mappings.

    Raises
    ------
    OSError
        When the mappings cannot be read.
    """

    def __init__(self) -> None:
        self._mappings = list(_read_mappings())
        self._present: dict[int, int] = {}

    def bound_provided(self, file: int | None, start: int, end: int) -> tuple[int, int]:
        """Return the least and the most that the system can have provided of a block.

        Parameters
        ----------
        file : int or None
            The page map, open for reading; None if it cannot be read.
        start, end : int
            The block, in whole pages.

        Returns
        -------
        least, most : int
            The bounds in bytes.
        """
        least = most = 0
        for mapping in self._mappings:
            if mapping.start >= end or mapping.end <= start:
                continue
            part = max(start, mapping.start), min(end, mapping.end)
            in_part = _count_present(file, *part)
            outside = self._count_all(file, mapping) - in_part
            least += min(in_part, max(0, mapping.resident_bytes - outside))
            most += min(in_part, mapping.resident_bytes)
        return least, most

    def _count_all(self, file: int | None, mapping: _Mapping) -> int:
        """Return the bytes of a mapping that have an entry; they are read once."""
        if mapping.start not in self._present:
            n_bytes = _count_present(file, mapping.start, mapping.end)
            self._present[mapping.start] = n_bytes
        return self._present[mapping.start]


def _read_mappings() -> Iterator[_Mapping]:
    start = end = resident_bytes = 0
    for line in Path(_SMAPS).read_text(errors="replace").splitlines():
        first, _, rest = line.partition(" ")
        if first.endswith(":"):
            if first in _RESIDENT:
                resident_bytes += int(rest.split()[0]) * 1024
            continue
        if end:
            yield _Mapping(start, end, resident_bytes)
        start, end = (int(each, 16) for each in first.split("-"))
        resident_bytes = 0
    yield _Mapping(start, end, resident_bytes)


def _count_present(file: int | None, start: int, end: int) -> int:
    """Return the bytes of the pages that have an entry; all without a page map."""
    return end - start if file is None else count_entries(file, start, end)


def count_entries(file: int, start: int, end: int, *, no_files: bool = False) -> int:
    """Return the bytes of the pages that have an entry.

    Parameters
    ----------
    file : int
        The page map, open for reading.
    start, end : int
        The block, in whole pages.
    no_files : bool
        Whether to exclude pages of files and of shared memory.
    """
    import numpy as np  # noqa: PLC0415 - a kernel starts without it

    count = 0
    for place in range(start, end, _BYTES_TOGETHER):
        n_pages = (min(end, place + _BYTES_TOGETHER) - place) // mmap.PAGESIZE
        offset = place // mmap.PAGESIZE * _ENTRY_BYTES
        entries = np.frombuffer(os.pread(file, n_pages * _ENTRY_BYTES, offset), "u8")
        has_entry = entries & np.uint64(_PRESENT | _SWAPPED) != 0
        if no_files:
            has_entry &= entries & np.uint64(_FILE) == 0
        count += int(np.count_nonzero(has_entry))
    return count * mmap.PAGESIZE
