"""Limits the memory of this process where the system supports it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_memkit.measure.proc_files import read_proc_file, read_size
from jupyter_memkit.measure.temporary_limit import is_temporary

# The stack of a thread reserves this much without using it. Libraries start a thread
# for each processor.
_STACK_BYTES = 8 << 20


def tolerance_bytes() -> int:
    """Return how many bytes beyond a limit may be reserved without being used."""
    return _STACK_BYTES * (os.cpu_count() or 1)


@contextmanager
def limited(memory_bytes: int | None) -> Iterator[None]:
    """In the block, let allocations fail that would exceed a limit.

    Only Linux counts this kind of memory; elsewhere, the limit has no effect.

    Parameters
    ----------
    memory_bytes : int or None
        The most memory that the process may use; None for no limit.
    """
    if memory_bytes is None or sys.platform != "linux":
        yield
        return
    import resource  # noqa: PLC0415 - Windows has no such module

    status = read_proc_file("/proc/self/status")
    unused_bytes = read_size(status, b"VmData:") - read_size(status, b"RssAnon:")
    wanted_bytes = memory_bytes + max(0, unused_bytes) + tolerance_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    others = [limit for limit in (soft, hard) if limit >= 0 and not is_temporary(limit)]
    # The system takes no larger number.
    lower = [min(wanted_bytes, sys.maxsize), *others]
    resource.setrlimit(resource.RLIMIT_DATA, (min(lower), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
