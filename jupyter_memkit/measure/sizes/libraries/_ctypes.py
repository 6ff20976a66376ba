"""C structures and arrays, whose memory may belong to another object."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Buffer, Parts
from jupyter_memkit.measure.sizes.registry import sizer

# Up to this size, the data are stored in the object itself.
_INLINE_BYTES = 16


@sizer("_ctypes._SimpleCData", "_ctypes.Array", "_ctypes.Structure", "_ctypes.Union")
def size_data(data: Any) -> Parts:
    """Size a ctypes object."""
    own_bytes = allocated(sys.getsizeof(data))
    n_bytes = ctypes.sizeof(data)
    if n_bytes <= _INLINE_BYTES:
        return Parts(own_bytes=own_bytes)
    buffer = Buffer(address=ctypes.addressof(data), bytes=n_bytes)
    return Parts(own_bytes=own_bytes, buffers=(buffer,))
