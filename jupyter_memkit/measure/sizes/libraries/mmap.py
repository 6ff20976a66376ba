"""Mapped memory: a file on disk, or shared memory."""

from __future__ import annotations

import mmap
import sys

from jupyter_memkit.measure.sizes.parts import DISK, RAM, Buffer, Parts
from jupyter_memkit.measure.sizes.registry import sizer


@sizer("mmap.mmap")
def size_map(mapped: mmap.mmap) -> Parts:
    """Size mapped memory; on Linux, its address later shows which kind it is."""
    import numpy as np  # noqa: PLC0415 - returns the address of read-only maps, too

    own_bytes = sys.getsizeof(mapped)
    try:
        view = np.frombuffer(mapped, np.uint8)
    except ValueError:
        # Closed.
        return Parts(own_bytes=own_bytes)
    address = view.__array_interface__["data"][0]
    device = RAM if sys.platform == "linux" else DISK
    buffer = Buffer(address=address, bytes=view.nbytes, device=device)
    return Parts(own_bytes=own_bytes, buffers=(buffer,))
