"""JAX arrays: their blocks on each device."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import RAM, Buffer, Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent

transparent("jaxlib.")


@sizer("jaxlib._jax.ArrayImpl", "jaxlib.xla_extension.ArrayImpl")
def size_array(array: Any) -> Parts:
    """Size an array by its blocks on the devices of this process."""
    own_bytes = allocated(sys.getsizeof(array))
    if array.is_deleted():
        return Parts(own_bytes=own_bytes)
    shards = [shard.data for shard in array.addressable_shards]
    return Parts(own_bytes=own_bytes, buffers=tuple(map(_read_block, shards)))


def _read_block(block: Any) -> Buffer:
    (device,) = block.devices()
    return Buffer(
        address=block.unsafe_buffer_pointer(),
        bytes=block.nbytes,
        device=RAM if device.platform == "cpu" else f"{device.platform}:{device.id}",
    )
