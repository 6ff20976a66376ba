"""Asks the allocators to return their free memory to the system."""

from __future__ import annotations

import gc
import sys

from jupyter_memkit.measure.heap import trim_allocator
from jupyter_memkit.measure.process import read_rss_bytes


def release_unused() -> None:
    """Return what the C library and pyarrow hold for later; pyarrow is not imported."""
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    trim_allocator()


def settle(*, collect: bool = True) -> int:
    """Collect garbage, trim the allocators, and return the resident memory in bytes.

    The difference of two calls is what the process returned to the system.
    """
    if collect:
        gc.collect()
    release_unused()
    return read_rss_bytes()
