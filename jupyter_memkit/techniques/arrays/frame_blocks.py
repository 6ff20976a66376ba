"""Frees the memory of a frame's blocks, each with several columns, in parts.

A block is freed as a whole with the last of its columns. If nothing else refers to it,
the pages of a column that is no longer needed can be freed earlier.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from jupyter_memkit.techniques.arrays.array_memory import find_owner, owns_memory

_MADV_DONTNEED = 4


class FrameBlocks:
    """The blocks of the columns of a frame that has been deleted.

    Parameters
    ----------
    columns : sequence of pandas.Series
        The remaining columns of the frame, in order.
    """

    def __init__(self, columns: Sequence[Any]) -> None:
        self._owners: dict[int, Any] = {}
        self._block_of: dict[int, int] = {}
        members: dict[int, list[int]] = defaultdict(list)
        for number, column in enumerate(columns):
            owner = _find_owner(column)
            if owner is not None:
                members[id(owner)].append(number)
                self._owners[id(owner)] = owner
            del owner
        ours = self._count_own_references()
        for key, numbers in members.items():
            is_ours = self._count_references(key) - ours == len(numbers)
            if is_ours and len(numbers) > 1:
                self._block_of.update(dict.fromkeys(numbers, key))
            else:
                # A block of one column is freed with it; a block that others use must
                # be kept.
                del self._owners[key]

    def has(self, number: int) -> bool:
        """Return whether a column is in a block whose pages can be freed separately."""
        return number in self._block_of

    def find_leftovers(self, changed: Iterable[int]) -> list[int]:
        """Return the kept columns of blocks in which another column has changed.

        Parameters
        ----------
        changed : iterable of int
            The numbers of the columns that are no longer in their blocks.
        """
        blocks = {self._block_of[each] for each in changed if each in self._block_of}
        return [
            number
            for number, key in self._block_of.items()
            if key in blocks and number not in changed
        ]

    def release(self, number: int, values: Any) -> None:
        """Free the memory of a column, whose values are lost.

        Parameters
        ----------
        number : int
            The number of the column.
        values : numpy.ndarray
            Its memory.
        """
        if values.dtype.hasobject:
            self._find_row(number, values)[:] = None
        else:
            _release_pages(values.ctypes.data, values.nbytes)

    def write_back(self, number: int, values: Any, content: Any) -> None:
        """Write a column back to its memory.

        Parameters
        ----------
        number : int
            The number of the column.
        values : numpy.ndarray
            Its memory.
        content : numpy.ndarray
            Its values.
        """
        self._find_row(number, values)[:] = content

    def _find_row(self, number: int, values: Any) -> Any:
        # pandas returns its values as read-only.
        owner = self._owners[self._block_of[number]]
        return owner[(values.ctypes.data - owner.ctypes.data) // owner.strides[0]]

    def _count_own_references(self) -> int:
        """Return the result of `_count_references` if no column uses the block."""
        import numpy as np  # noqa: PLC0415 - the blocks are numpy's

        self._owners[-1] = np.empty((1, 1))
        count = self._count_references(-1)
        del self._owners[-1]
        return count

    def _count_references(self, key: int) -> int:
        return sys.getrefcount(self._owners[key])


def _find_owner(column: Any) -> Any:
    """Return the array of several columns that contains a column, or None."""
    import numpy as np  # noqa: PLC0415 - as above

    if not isinstance(column.dtype, np.dtype):
        return None
    values = column.to_numpy()
    owner = find_owner(values)
    is_block = owns_memory(owner) and owner.ndim == 2 and owner.flags.carray
    # If columns are not contiguous in the block, they share pages.
    is_row = values.flags.c_contiguous and owner.shape[-1] == len(column)
    return owner if is_block and is_row else None


def _release_pages(address: int, n_bytes: int) -> None:
    """Return the whole pages of a memory range to the system, on Linux."""
    if sys.platform != "linux":
        return
    start = -(-address // mmap.PAGESIZE) * mmap.PAGESIZE
    end = (address + n_bytes) // mmap.PAGESIZE * mmap.PAGESIZE
    if end > start:
        advise = ctypes.CDLL(None).madvise
        advise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_DONTNEED)
