"""Arrays: their own data, or those of the array that they are a view of."""

from __future__ import annotations

import array
import ctypes
import mmap
import sys
from typing import Any

import numpy as np

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Buffer, Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent

transparent("numpy.")

# What a view can be of besides an array, and is sized by itself.
_HOLDERS = (array.array, bytearray, bytes, ctypes.Array, memoryview, mmap.mmap)

_HEADER_BYTES = allocated(sys.getsizeof(np.empty(1)[:0]))

# Those of `ndarray` itself: a subclass can have properties of its own.
_read_base = np.ndarray.__dict__["base"].__get__
_read_dtype = np.ndarray.__dict__["dtype"].__get__
_read_interface = np.ndarray.__dict__["__array_interface__"].__get__
_read_nbytes = np.ndarray.__dict__["nbytes"].__get__


@sizer("numpy.ndarray")
def size_array(values: np.ndarray) -> Parts:
    """Size an array of any shape and dtype, a view or not."""
    base, dtype, n_bytes = _read_base(values), _read_dtype(values), _read_nbytes(values)
    if issubclass(type(base), (np.ndarray, *_HOLDERS)):
        return Parts(own_bytes=_HEADER_BYTES, children=(base,))
    if base is not None:
        # Memory of another library, which others may use too.
        buffer = Buffer(address=_read_interface(values)["data"][0], bytes=n_bytes)
        return Parts(own_bytes=_HEADER_BYTES, buffers=(buffer,), children=(base,))
    return Parts(
        own_bytes=_HEADER_BYTES + allocated(n_bytes),
        elements=_read_objects(values) if dtype.hasobject else None,
        # Long strings of `StringDType` lie elsewhere.
        is_whole=dtype.kind != "T",
    )


def _read_objects(values: np.ndarray) -> Any:
    """Return the objects in an array as an array of one dimension."""
    dtype = _read_dtype(values)
    if dtype.names is None:
        return np.ndarray.ravel(np.ndarray.view(values, np.ndarray), "K")
    fields = [np.ndarray.__getitem__(values, name) for name in dtype.names]
    found = [_read_objects(each) for each in fields if _read_dtype(each).hasobject]
    return np.concatenate(found)
