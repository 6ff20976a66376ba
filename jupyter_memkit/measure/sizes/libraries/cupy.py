"""Arrays on a graphics device: the block that they, or the array they view, use."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Buffer, Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent

transparent("cupy.", "cupy_backends.")


@sizer("cupy.ndarray", "cupy._core.core.ndarray", "cupy._core.core._ndarray_base")
def size_array(array: Any) -> Parts:
    """Size an array by the block that contains its memory."""
    memory = array.data.mem
    buffer = Buffer(
        address=memory.ptr, bytes=memory.size, device=f"cuda:{memory.device_id}"
    )
    return Parts(own_bytes=allocated(sys.getsizeof(array)), buffers=(buffer,))
