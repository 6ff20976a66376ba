"""What torch's allocators hold on devices and as pinned host memory.

CUDA is only asked once the user's code has used it: before that, a query could start
it, which takes some hundred MiB on each device.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.measure.models.records import DeviceCache


def read_device_caches() -> tuple[DeviceCache, ...]:
    """Return what the allocators hold, one for each device that has any."""
    # Not through "torch", which may be a lazy module that an attribute imports.
    cuda: Any = sys.modules.get("torch.cuda")
    if cuda is None or not cuda.is_initialized():
        return ()
    caches = (*_read_devices(cuda), *_read_pinned(cuda))
    return tuple(each for each in caches if each.used_bytes or each.free_bytes)


def _read_devices(cuda: Any) -> Iterator[DeviceCache]:
    for ordinal in range(cuda.device_count()):
        stats = cuda.memory_stats(ordinal)
        used_bytes = int(stats.get("allocated_bytes.all.current", 0))
        yield DeviceCache(
            device=f"cuda:{ordinal}",
            used_bytes=used_bytes,
            free_bytes=int(stats.get("reserved_bytes.all.current", 0)) - used_bytes,
            split_bytes=int(stats.get("inactive_split_bytes.all.current", 0)),
        )


def _read_pinned(cuda: Any) -> Iterator[DeviceCache]:
    # New in torch 2.6.
    read = getattr(cuda, "host_memory_stats", None)
    if read is not None:
        stats = read()
        used_bytes = int(stats.get("active_bytes.current", 0))
        held_bytes = int(stats.get("allocated_bytes.current", 0))
        yield DeviceCache(
            device="pinned", used_bytes=used_bytes, free_bytes=held_bytes - used_bytes
        )
