"""The blocks of memory that several columns of a frame lie in, given back in parts.

A block goes as a whole when the last of its columns does. Where nobody else has it,
the pages of a column that is no longer needed can go before.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

_MADV_DONTNEED = 4


class FrameBlocks:
    """The blocks of the columns of a frame that is gone.

    Parameters
    ----------
    columns : sequence of pandas.Series
        All that is left of the frame, in order.
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
                # A block of one column goes with it, another's is not ours to empty.
                del self._owners[key]

    def has(self, number: int) -> bool:
        """Tell whether a column lies in a block whose pages can go one by one."""
        return number in self._block_of

    def find_leftovers(self, changed: Iterable[int]) -> list[int]:
        """Return the kept columns of blocks of which another column has changed.

        Parameters
        ----------
        changed : iterable of int
            The columns that are no longer in their blocks.
        """
        blocks = {self._block_of[each] for each in changed if each in self._block_of}
        return [
            number
            for number, key in self._block_of.items()
            if key in blocks and number not in changed
        ]

    def release(self, number: int, values: Any) -> None:
        """Give back the memory of a column, whose values are lost with it.

        Parameters
        ----------
        number : int
            Which column.
        values : numpy.ndarray
            Where it is.
        """
        if values.dtype.hasobject:
            self._find_row(number, values)[:] = None
        else:
            _release_pages(values.ctypes.data, values.nbytes)

    def write_back(self, number: int, values: Any, content: Any) -> None:
        """Write a column to where it was.

        Parameters
        ----------
        number : int
            Which column.
        values : numpy.ndarray
            Where it was.
        content : numpy.ndarray
            What it held.
        """
        self._find_row(number, values)[:] = content

    def _find_row(self, number: int, values: Any) -> Any:
        # pandas hands its values out for reading only.
        owner = self._owners[self._block_of[number]]
        return owner[(values.ctypes.data - owner.ctypes.data) // owner.strides[0]]

    def _count_own_references(self) -> int:
        """Return what `_count_references` counts when no column has the block."""
        import numpy as np  # noqa: PLC0415 - the blocks are numpy's

        self._owners[-1] = np.empty((1, 1))
        count = self._count_references(-1)
        del self._owners[-1]
        return count

    def _count_references(self, key: int) -> int:
        return sys.getrefcount(self._owners[key])


def _find_owner(column: Any) -> Any:
    """Return the array of several columns that a column lies in; None of its own."""
    import numpy as np  # noqa: PLC0415 - as above

    if not isinstance(column.dtype, np.dtype):
        return None
    owner = values = column.to_numpy()
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    is_block = (
        type(owner) is np.ndarray
        and owner.ndim == 2
        and owner.flags.carray
        and _owns_memory(owner)
    )
    # Where a row of the block is not a column, its pages belong to several.
    is_row = values.flags.c_contiguous and owner.shape[-1] == len(column)
    return owner if is_block and is_row else None


def _owns_memory(owner: Any) -> bool:
    """Tell whether an array's memory is its own, and not, say, a tensor's."""
    if owner.base is None:
        return bool(owner.flags.owndata)
    # Made by pyarrow for the columns of a frame, and writeable only where it is alone.
    return repr(owner.base).startswith('<capsule object "arrow::Buffer"')


def _release_pages(address: int, n_bytes: int) -> None:
    """Give the whole pages of a stretch of memory back, where the system is Linux."""
    if sys.platform != "linux":
        return
    start = -(-address // mmap.PAGESIZE) * mmap.PAGESIZE
    end = (address + n_bytes) // mmap.PAGESIZE * mmap.PAGESIZE
    if end > start:
        advise = ctypes.CDLL(None).madvise
        advise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_DONTNEED)
