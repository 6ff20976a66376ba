"""Packs strings and bytes into the smallest array that holds them."""

from __future__ import annotations

import math
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.arrays.leaves import Blocks

# numpy's StringDType stores this many bytes in the array, longer strings outside it.
_ITEM_BYTES = 16
_INLINE_BYTES = 15


def pack_texts(read: Blocks, count: int) -> Any:
    """Pack strings with a common width, or each with its own if that is smaller.

    Parameters
    ----------
    read : callable
        Returns a fresh iterator over the strings, in blocks.
    count : int
        Their number.

    Returns
    -------
    numpy.ndarray
        An array of dtype ``<U…``, or numpy's ``StringDType``.

    Raises
    ------
    MemkitError
        If neither holds them exactly.

    Examples
    --------
    >>> pack_texts(lambda: iter([["a", "bc"]]), 2)
    array(['a', 'bc'], dtype='<U2')
    """
    import numpy as np  # noqa: PLC0415 - a feature of numpy's

    width, own_bytes, padded = 1, 0.0, False
    for block in read():
        width = max(width, *map(len, block))
        own_bytes += sum(map(_count_bytes, block))
        padded = padded or any(each[-1:] == "\0" for each in block)
    own_dtype = getattr(np.dtypes, "StringDType", None)
    if (
        own_dtype is not None
        and own_bytes < math.inf
        and (padded or own_bytes < 4 * width * count)
    ):
        return _fill(read, count, own_dtype())
    if padded:
        message = (
            "it contains strings that end with a null character, which numpy drops; "
            "strip them, or keep the list"
        )
        raise MemkitError(message)
    return _fill(read, count, np.dtype(f"U{width}"))


def pack_bytes(read: Blocks, count: int) -> Any:
    """Pack byte strings with a common width.

    Examples
    --------
    >>> pack_bytes(lambda: iter([[b"a", b"bc"]]), 2)
    array([b'a', b'bc'], dtype='|S2')
    """
    import numpy as np  # noqa: PLC0415 - as above

    width = 1
    for block in read():
        width = max(width, *map(len, block))
        if any(each[-1:] == b"\0" for each in block):
            message = (
                "it contains bytes that end with a null byte, which numpy drops; keep "
                "the list, or join them with b''.join"
            )
            raise MemkitError(message)
    return _fill(read, count, np.dtype(f"S{width}"))


def _count_bytes(text: str) -> float:
    try:
        n_bytes = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        # It does not accept a lone surrogate.
        return math.inf
    return _ITEM_BYTES + (n_bytes if n_bytes > _INLINE_BYTES else 0)


def _fill(read: Blocks, count: int, dtype: Any) -> Any:
    import numpy as np  # noqa: PLC0415 - as above

    packed = np.empty(count, dtype)
    done = 0
    for block in read():
        packed[done : done + len(block)] = block
        done += len(block)
    return packed
