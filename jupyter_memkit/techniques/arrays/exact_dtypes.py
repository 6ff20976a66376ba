"""Finds the smallest dtype that keeps every number of an array bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jupyter_memkit.techniques.progress import Tick

# 8 MiB of the largest numbers: little compared with a column, and quick to interrupt.
_BLOCK = 1 << 20

_SIGNED = ("i1", "i2", "i4", "i8")
_UNSIGNED = ("u1", "u2", "u4", "u8")
# Not float16, whose sums overflow above 65,504.
_FLOATS = ("f4", "f8")
_COMPLEX = ("c8", "c16")


def find_smaller(array: Any, tick: Tick | None = None) -> Any:
    """Return the smallest dtype of the same kind that keeps all values of an array.

    Floats are kept bit for bit, including the sign of zero and the payload of a NaN.

    Parameters
    ----------
    array : numpy.ndarray
        An array of numbers; other dtypes are kept.
    tick : callable, optional
        Called with the number of values checked since the last call.

    Returns
    -------
    numpy.dtype
        The smallest dtype; that of the array if none is smaller.

    Examples
    --------
    >>> import numpy as np
    >>> find_smaller(np.array([1, 300]))
    dtype('int16')
    >>> find_smaller(np.array([0.5, 0.1]))
    dtype('float64')
    """
    kind = array.dtype.kind
    if array.size == 0:
        return array.dtype
    if kind in "iu":
        return _find_integer(array, tick)
    if kind == "f" and array.dtype.itemsize <= 8:
        return _find_float(array, _FLOATS, tick)
    if kind == "c" and array.dtype.itemsize <= 16:
        return _find_float(array, _COMPLEX, tick)
    return array.dtype


def measure_rounding(array: Any) -> tuple[float, bool]:
    """Return the largest error of float32, and whether a number becomes infinite.

    Parameters
    ----------
    array : numpy.ndarray
        Floats.

    Returns
    -------
    error : float
        The largest absolute error.
    overflows : bool
        Whether a finite number is too large for float32.
    """
    import numpy as np  # noqa: PLC0415 - a feature of numpy's

    error, overflows = 0.0, False
    with np.errstate(all="ignore"):
        for block in read_array_blocks(array):
            finite = block[np.isfinite(block)]
            back = finite.astype("f4").astype(block.dtype)
            overflows = overflows or not np.isfinite(back).all()
            if finite.size and not overflows:
                error = max(error, float(np.abs(back - finite).max()))
    return error, overflows


def read_array_blocks(array: Any, tick: Tick | None = None) -> Iterator[Any]:
    """Yield the values of an array in blocks of one dimension, in any order.

    Parameters
    ----------
    array : numpy.ndarray
        An array of any shape and order; it is not copied as a whole.
    tick : callable, optional
        Called with the number of values of each finished block.

    Yields
    ------
    numpy.ndarray A read-only block.
    """
    import numpy as np  # noqa: PLC0415 - as above

    blocks = np.nditer(
        array,
        flags=["external_loop", "buffered", "zerosize_ok"],
        buffersize=_BLOCK,
        order="K",
    )
    for block in blocks:
        yield block
        if tick is not None:
            tick(len(block))


def _find_integer(array: Any, tick: Tick | None) -> Any:
    import numpy as np  # noqa: PLC0415 - as above

    least, most = 0, 0
    names = _SIGNED if array.dtype.kind == "i" else _UNSIGNED
    smaller = array.dtype
    for block in read_array_blocks(array, tick):
        least, most = min(least, int(block.min())), max(most, int(block.max()))
        smaller = next(
            np.dtype(name)
            for name in names
            if np.iinfo(name).min <= least and most <= np.iinfo(name).max
        )
        if smaller.itemsize == array.dtype.itemsize:
            break
    return smaller if smaller.itemsize < array.dtype.itemsize else array.dtype


def _find_float(array: Any, names: tuple[str, ...], tick: Tick | None) -> Any:
    import numpy as np  # noqa: PLC0415 - as above

    left = [np.dtype(name) for name in names]
    left = [each for each in left if each.itemsize < array.dtype.itemsize]
    for block in read_array_blocks(array, tick):
        # A larger dtype keeps everything that a smaller one keeps, so it is not checked
        # again.
        while left and not _keeps(block, left[0]):
            del left[0]
        if not left:
            break
    return left[0] if left else array.dtype


def _keeps(block: Any, dtype: Any) -> bool:
    import numpy as np  # noqa: PLC0415 - as above

    with np.errstate(all="ignore"):
        back = block.astype(dtype).astype(block.dtype)
    bits = f"u{block.dtype.itemsize if block.dtype.kind == 'f' else 8}"
    if block.dtype.kind == "c":
        bits = f"u{block.dtype.itemsize // 2}"
    return bool((_view(block, bits) == _view(back, bits)).all())


def _view(block: Any, bits: str) -> Any:
    import numpy as np  # noqa: PLC0415 - as above

    return np.ascontiguousarray(block).view(bits)
