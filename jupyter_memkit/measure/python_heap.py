"""Reads how much of Python's own heap is free.

Python takes memory for small objects in arenas of 1 MiB, and returns an arena once
nothing in it is alive. What is free in the others only serves new small objects.

The figures are those of `sys._debugmallocstats`, which writes to the standard error of
the process. The same function of the C API writes to a stream in memory here.
"""

from __future__ import annotations

import re

_FREE = re.compile(
    rb"^(?:# bytes in available blocks|\d+ unused pools \* \d+ bytes) *= *([\d,]+)$",
    re.MULTILINE,
)


def read_free_python_heap_bytes() -> int:
    """Return the free memory in the arenas of Python's allocator.

    This takes about a millisecond for each GiB of small objects, in which other threads
    wait.

    Returns
    -------
    int
        Free memory in bytes, nearly all of it resident; 0 if unknown, as on Windows, in
        a Python without the global interpreter lock, and with ``PYTHONMALLOC=malloc``.

    Examples
    --------
    >>> numbers = [float(n) for n in range(1_000_000)]
    >>> before_bytes = read_free_python_heap_bytes()
    >>> survivors = numbers[::100]
    >>> del numbers
    >>> read_free_python_heap_bytes() - before_bytes > 20_000_000
    True
    """
    return sum(
        int(figure.replace(b",", b"")) for figure in _FREE.findall(_read_statistics())
    )


def _read_statistics() -> bytes:
    """Return the report of Python's allocator; empty if there is none."""
    try:
        import ctypes  # noqa: PLC0415 - some builds of Python lack it

        libc = ctypes.CDLL(None)
        open_stream, close_stream, free = libc.open_memstream, libc.fclose, libc.free
        # A `PyDLL`, whose functions keep the lock: nothing changes meanwhile.
        report = ctypes.pythonapi["_PyObject_DebugMallocStats"]
    except (ImportError, AttributeError, OSError, TypeError):
        return b""
    open_stream.restype = ctypes.c_void_p
    for function in (close_stream, free, report):
        function.argtypes = [ctypes.c_void_p]
    text, length = ctypes.c_void_p(), ctypes.c_size_t()
    stream = open_stream(ctypes.byref(text), ctypes.byref(length))
    if not stream:
        return b""
    try:
        report(stream)
    finally:
        close_stream(stream)
    try:
        return ctypes.string_at(text, length.value)
    finally:
        free(text)
