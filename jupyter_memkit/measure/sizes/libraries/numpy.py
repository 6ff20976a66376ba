"""Arrays: their own data, or the data of the array that they view."""

from __future__ import annotations

import array
import ctypes
import mmap
import sys
from dataclasses import replace
from typing import Any

import numpy as np

from jupyter_memkit.measure.sizes.allocation import allocated, malloced, object_bytes
from jupyter_memkit.measure.sizes.parts import Buffer, Parts
from jupyter_memkit.measure.sizes.raw_reads import read_text, read_word
from jupyter_memkit.measure.sizes.registry import sizer, transparent
from jupyter_memkit.measure.sizes.untouched import LEAST_BYTES

# The value of a scalar is stored in the object; random generators refer to all they
# use.
transparent("numpy.random.", "numpy.flatiter", "numpy.bytes_", "numpy.str_")
transparent(*(f"{kind.__module__}.{kind.__name__}" for kind in np.sctypeDict.values()))
# A structured dtype has the names of its fields, which the collector does not visit.
transparent("numpy.dtype")
transparent(
    "numpy.dtypes.VoidDType", "numpy.ufunc", "numpy._ArrayFunction", at_most=4096
)
transparent("numpy.random.bit_generator.SeedSequence", at_most=1024)

# Types besides arrays that a view can refer to, and that are sized themselves. The last
# is the object that `as_strided` puts between a view and its array.
_HOLDERS = (
    *(array.array, bytearray, bytes, ctypes.Array, memoryview, mmap.mmap),
    type(np.lib.stride_tricks.as_strided(np.zeros(1)).base),
)

_NUMBER_BYTES = np.dtype(np.intp).itemsize

# An array whose buffer was exported, for example to compiled code, keeps a description
# of it for life: `_buffer_info` of numpy/core/src/multiarray/arrayobject.h, with a mark
# in its lowest bits, and `_buffer_info_t` of buffer.c.
_KNOWN_ARRAY_BYTES, _DESCRIPTION_PLACE, _MARK = 96, 10, 3
_DESCRIPTION_BYTES, _NEXT_PLACE, _LEAST_FORMAT_BYTES = 40, 4, 16

# The descriptors of `ndarray` itself: a subclass can override them with properties.
_read_base = np.ndarray.__dict__["base"].__get__
_read_dtype = np.ndarray.__dict__["dtype"].__get__
_read_interface = np.ndarray.__dict__["__array_interface__"].__get__
_read_void_base = np.void.__dict__["base"].__get__
_read_void_nbytes = np.generic.__dict__["nbytes"].__get__
_read_ndim = np.ndarray.__dict__["ndim"].__get__
_read_nbytes = np.ndarray.__dict__["nbytes"].__get__
_read_shape = np.ndarray.__dict__["shape"].__get__
_read_strides = np.ndarray.__dict__["strides"].__get__


@sizer("numpy.ndarray")
def size_array(values: np.ndarray) -> Parts:
    """Size an array of any shape and dtype, or a view."""
    base, dtype, n_bytes = _read_base(values), _read_dtype(values), _read_nbytes(values)
    buffers: tuple[Buffer, ...] = ()
    own_bytes = allocated(object_bytes(type(values)))
    if n_dimensions := _read_ndim(values):
        # The shape and the strides.
        own_bytes += malloced(2 * n_dimensions * _NUMBER_BYTES)
    own_bytes += _count_descriptions(values, n_dimensions)
    if issubclass(type(base), (np.ndarray, *_HOLDERS)):
        return Parts(own_bytes=own_bytes, children=(base,))
    if base is not None:
        # Memory of another library, which other objects may use too.
        if n_bytes:
            buffers = (_bound(values),)
        return Parts(own_bytes=own_bytes, buffers=buffers, children=(base,))
    if n_bytes >= LEAST_BYTES:
        buffers = (Buffer(address=_read_interface(values)["data"][0], bytes=n_bytes),)
    else:
        own_bytes += malloced(n_bytes)
    return Parts(
        own_bytes=own_bytes,
        buffers=buffers,
        # The dtype of texts and records is created for the array.
        children=(dtype,) if dtype.kind in "SUV" else (),
        elements=_read_objects(values) if _has_objects(dtype) else None,
        # Long strings of `StringDType` are stored elsewhere.
        is_whole=dtype.kind != "T",
    )


def _bound(values: np.ndarray) -> Buffer:
    """Return the memory from the first to the last element of a view.

    It can be shorter than the sum of the elements, where several of them overlap, and
    longer, where the view skips some.
    """
    start = end = _read_interface(values)["data"][0]
    for length, stride in zip(_read_shape(values), _read_strides(values), strict=True):
        reach = (length - 1) * stride
        start, end = start + min(reach, 0), end + max(reach, 0)
    return Buffer(address=start, bytes=end + _read_dtype(values).itemsize - start)


def _count_descriptions(values: np.ndarray, n_dimensions: int) -> int:
    """Return the bytes of the buffer descriptions that an array keeps."""
    if not _HAS_KNOWN_FIELDS:
        return 0
    description = read_word(id(values), _DESCRIPTION_PLACE)
    if description & _MARK != _MARK:
        return 0
    n_bytes = 0
    description &= ~_MARK
    while description:
        n_bytes += allocated(_DESCRIPTION_BYTES + 2 * n_dimensions * _NUMBER_BYTES)
        form = read_text(description)
        # Its capacity is doubled until the format and its terminator fit.
        n_bytes += allocated(max(_LEAST_FORMAT_BYTES, 1 << len(form).bit_length()))
        description = read_word(description, _NEXT_PLACE)
    return n_bytes


def _find_description() -> bool:
    """Return whether this version of numpy keeps descriptions at the known offset."""
    if np.ndarray.__basicsize__ != _KNOWN_ARRAY_BYTES:
        return False
    values = np.zeros((2, 3))
    before = read_word(id(values), _DESCRIPTION_PLACE)
    values.data.release()
    after = read_word(id(values), _DESCRIPTION_PLACE)
    return before == 0 and after & _MARK == _MARK


_HAS_KNOWN_FIELDS = _find_description()


@sizer("numpy.matrix")
def size_matrix(values: np.ndarray) -> Parts:
    """Size a matrix, which views an array's buffer, with the buffer's description."""
    return replace(size_array(values), hidden_bytes=256)


@sizer("numpy.void")
def size_void(value: np.void) -> Parts:
    """Size a row of a structured array, either a copy or a view."""
    own_bytes = allocated(sys.getsizeof(value) - _read_void_nbytes(value))
    if _read_void_base(value) is not None:
        return Parts(own_bytes=own_bytes)
    # It can have its own dtype, and objects that are not visible.
    own_bytes += allocated(_read_void_nbytes(value))
    return Parts(own_bytes=own_bytes, is_whole=False)


def _has_objects(dtype: np.dtype[Any]) -> bool:
    """Return whether the elements hold objects.

    ``hasobject`` is also true of `StringDType`, whose elements are made into objects
    only when they are read.
    """
    return dtype.hasobject and dtype.kind != "T"


def _read_objects(values: np.ndarray) -> Any:
    """Return the objects in an array as a one-dimensional array."""
    dtype = _read_dtype(values)
    if dtype.names is None:
        return np.ndarray.ravel(np.ndarray.view(values, np.ndarray), "K")
    fields = [np.ndarray.__getitem__(values, name) for name in dtype.names]
    found = [_read_objects(each) for each in fields if _read_dtype(each).hasobject]
    return np.concatenate(found)
