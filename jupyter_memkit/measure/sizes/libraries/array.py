"""Arrays of numbers, which can have spare capacity."""

from __future__ import annotations

from array import array
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated, object_bytes
from jupyter_memkit.measure.sizes.parts import Buffer, Parts
from jupyter_memkit.measure.sizes.registry import sizer
from jupyter_memkit.measure.sizes.untouched import LEAST_BYTES


@sizer("array.array")
def size_array(values: array[Any]) -> Parts:
    """Size an array."""
    own_bytes = allocated(object_bytes(type(values)))
    n_bytes = array.__sizeof__(values) - array.__basicsize__
    if n_bytes < LEAST_BYTES:
        return Parts(own_bytes=own_bytes + allocated(n_bytes))
    address, _ = array.buffer_info(values)
    return Parts(own_bytes=own_bytes, buffers=(Buffer(address=address, bytes=n_bytes),))
