"""Returns the free memory of the C library's heap to the system.

Measuring must not take memory itself. The maps of `sizes.addresses` are anonymous
mappings, which are lazy in every state of the heap. What the lists of a walk leave in
the heap is trimmed at its end, where the process has grown by a MiB or more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.process import read_rss_bytes

# Scanning the heap takes some milliseconds, which is not worth it for less.
_LEAST_GROWTH_BYTES = 1024 * 1024


def trim_allocator() -> bool:
    """Return free heap memory to the system, if the C library is glibc.

    Returns
    -------
    bool
        Whether the heap was trimmed; False on other systems.
    """
    try:
        import ctypes  # noqa: PLC0415 - some builds of Python lack it

        ctypes.CDLL(None).malloc_trim(0)
    except (ImportError, AttributeError, OSError, TypeError):
        return False
    return True


@contextmanager
def leaving_no_growth() -> Iterator[None]:
    """Return to the system the heap memory that a measurement took temporarily."""
    before_bytes = _read_rss()
    try:
        yield
    finally:
        if _read_rss() - before_bytes >= _LEAST_GROWTH_BYTES:
            trim_allocator()


def _read_rss() -> int:
    try:
        return read_rss_bytes()
    except (MemkitError, OSError):
        # For example, too many files are open. The measurement does not fail because of
        # that.
        return 0
