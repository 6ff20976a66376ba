"""A limit on the memory of this process, by the system where it can."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_memkit.measure.proc_files import read_proc_file, read_size

# What a thread's stack reserves, which is no use of memory. Libraries start one for
# each processor.
_STACK_BYTES = 8 << 20


def tolerance_bytes() -> int:
    """Return how much may be reserved beyond a limit without being used."""
    return _STACK_BYTES * (os.cpu_count() or 1)


@contextmanager
def limited(memory_bytes: int | None) -> Iterator[None]:
    """Let allocations fail in the block that would take the process above a limit.

    Only Linux counts what the limit is about; elsewhere, nothing is done here.

    Parameters
    ----------
    memory_bytes : int or None
        What the process may have; None for no limit.
    """
    if memory_bytes is None or sys.platform != "linux":
        yield
        return
    import resource  # noqa: PLC0415 - Windows has no such module

    status = read_proc_file("/proc/self/status")
    unused_bytes = read_size(status, b"VmData:") - read_size(status, b"RssAnon:")
    wanted_bytes = memory_bytes + max(0, unused_bytes) + tolerance_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    lower = [wanted_bytes, *(limit for limit in (soft, hard) if limit >= 0)]
    resource.setrlimit(resource.RLIMIT_DATA, (min(lower), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
