"""Finds the allocators of loaded libraries that hold free memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded

Pool = tuple[str, Callable[[], object]]


def find_host_pools() -> Iterator[Pool]:
    """Yield the allocators of ordinary memory, with the call that empties each."""
    pyarrow: Any = sys.modules.get("pyarrow")
    if hasattr(pyarrow, "default_memory_pool"):
        yield "free memory of pyarrow", pyarrow.default_memory_pool().release_unused


def find_torch_pools() -> Iterator[Pool]:
    """Yield torch's allocators, those of the devices first.

    An allocator of a device exists only once the user's code has used the device. Host
    memory is pinned for transfers to a device; torch keeps it for reuse, and its cache
    can be larger than that of the device.
    """
    is_used = False
    for name in ("cuda", "xpu"):
        # Not through "torch", which may be a lazy module that an attribute imports.
        device: Any = sys.modules.get(f"torch.{name}")
        if device is not None and device.is_initialized():
            is_used = True
            where = "on the device" if name == "cuda" else f"on the {name.upper()}"
            yield f"free torch memory ({where})", device.empty_cache
    backend: Any = sys.modules.get("torch.backends.mps")
    if backend is not None and backend.is_available():
        yield "free torch memory (on the MPS)", sys.modules["torch.mps"].empty_cache
    empty_host_cache = _find_host_cache()
    if is_used and empty_host_cache is not None:
        yield "free torch memory (pinned)", empty_host_cache


def _find_host_cache() -> Callable[[], object] | None:
    """Return the call that empties the cache of pinned memory, if there is one.

    It has a public name since torch 2.11, and a private one before that.
    """
    found: Callable[[], object] | None = find_loaded(
        "torch.accelerator", "empty_host_cache"
    ) or find_loaded("torch._C", "_host_emptyCache")
    return found
