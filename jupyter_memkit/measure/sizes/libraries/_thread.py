"""Locks, each with a system semaphore up to Python 3.12."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer

# The structure `sem_t` of glibc, with the header of its allocation.
_SEMAPHORE_BYTES = 48 if sys.version_info < (3, 13) else 0


@sizer("_thread.lock", "_thread.RLock")
def size_lock(lock: Any) -> Parts:
    """Size a lock."""
    return Parts(own_bytes=allocated(sys.getsizeof(lock)) + _SEMAPHORE_BYTES)
