"""Reads how much resident memory is free in the heaps of C and of Python.

Programs take small pieces of memory from a heap, which returns to the system only what
is free in one piece: the C library's heap its end, or on request (`trim_allocator`) its
free pages, and Python's heap each arena of 1 MiB in which no object is in use.

Both allocators describe their heaps in a text for people, the C library by
``malloc_info`` and Python by the function behind `sys._debugmallocstats`. They write it
to a stream in memory here. The C library counts pages that were returned as free as
well, so what is in use is subtracted from the heap's resident pages instead.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PYTHON_FREE = re.compile(
    rb"^(?:# bytes in available blocks|\d+ unused pools \* \d+ bytes) *= *([\d,]+)$",
    re.MULTILINE,
)
# The first heap is the main one, and its first totals are its own.
_FREE_CHUNKS = re.compile(rb'<total type="(?:fast|rest)" count="\d+" size="(\d+)"/>')
_HEAP_SIZE = re.compile(rb'<system type="current" size="(\d+)"/>')
_HEAP_RANGE = re.compile(rb"^(\w+)-(\w+) .* \[heap\]$", re.MULTILINE)

# An entry of /proc/self/pagemap (proc(5)) has 8 bytes; the highest bit says whether the
# page is resident.
_ENTRY_BYTES = 8
_IS_RESIDENT = bytes(entry >> 7 for entry in range(256))

# What reading raises where there is no such function, or no such file.
_UNAVAILABLE = (ImportError, AttributeError, OSError, TypeError, ValueError)


def read_free_heap_bytes() -> int:
    """Return the resident memory that is free in the main heap of the C library.

    Returns
    -------
    int
        Free memory in bytes, which `trim_allocator` returns to the system except for
        parts of pages; 0 if unknown, as on systems other than Linux with glibc. Further
        heaps, which threads use, are not included.
    """
    if sys.platform != "linux":
        return 0
    try:
        import ctypes  # noqa: PLC0415 - some builds of Python lack it

        report = _read_report(ctypes.CDLL(None).malloc_info, 0)
        main, found, _ = report.partition(b"</heap>")
        size = _HEAP_SIZE.search(main)
        if not found or size is None:
            return 0
        free_bytes = sum(map(int, _FREE_CHUNKS.findall(main)))
        in_use_bytes = int(size[1]) - free_bytes
        return max(0, _read_resident_heap_bytes() - in_use_bytes)
    except _UNAVAILABLE:
        return 0


def read_free_chunk_bytes() -> int:
    """Return how much is free in all heaps of the C library.

    Under a limit of data or in threads it uses more heaps than the main one.

    Returns
    -------
    int
        Free memory in bytes, including pages that were returned to the system and are
        not resident; 0 if unknown, as without glibc.
    """
    try:
        import ctypes  # noqa: PLC0415 - as above

        read = ctypes.CDLL(None).mallinfo2
        # Ten numbers, of which the ninth is `fordblks` (mallinfo(3)).
        read.restype = type(
            "mallinfo2",
            (ctypes.Structure,),
            {"_fields_": [("n", ctypes.c_size_t * 10)]},
        )
        return int(read().n[8])
    except _UNAVAILABLE:
        return 0


def read_free_python_heap_bytes() -> int:
    """Return the memory that is free in the arenas of Python's allocator.

    This takes about three milliseconds for each GiB of small objects, in which other
    threads wait.

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
    try:
        import ctypes  # noqa: PLC0415 - as above

        # A function of a `PyDLL` keeps the lock: nothing changes meanwhile.
        report = _read_report(ctypes.pythonapi["_PyObject_DebugMallocStats"])
    except _UNAVAILABLE:
        return 0
    return sum(
        int(figure.replace(b",", b"")) for figure in _PYTHON_FREE.findall(report)
    )


def _read_report(write: Callable[..., Any], *arguments: int) -> bytes:
    """Return what a function of C writes to a stream, its last argument."""
    import ctypes  # noqa: PLC0415 - as above

    libc = ctypes.CDLL(None)
    text, length = ctypes.c_char_p(), ctypes.c_size_t()
    libc.open_memstream.restype = ctypes.c_void_p
    stream = ctypes.c_void_p(
        libc.open_memstream(ctypes.byref(text), ctypes.byref(length))
    )
    if not stream.value:
        return b""
    try:
        write(*arguments, stream)
    finally:
        libc.fclose(stream)
    try:
        return ctypes.string_at(text, length.value)
    finally:
        libc.free(text)


def _read_resident_heap_bytes() -> int:
    """Return the resident memory of the main heap.

    Raises
    ------
    OSError
        If the system does not report it.
    """
    import mmap  # noqa: PLC0415 - only here

    with Path("/proc/self/maps").open("rb") as maps:
        found = _HEAP_RANGE.search(maps.read())
    if found is None:
        return 0
    first, end = (int(address, 16) // mmap.PAGESIZE for address in found.groups())
    with Path("/proc/self/pagemap").open("rb", buffering=0) as pagemap:
        pagemap.seek(first * _ENTRY_BYTES)
        entries = pagemap.read((end - first) * _ENTRY_BYTES)
    if entries is None or len(entries) < (end - first) * _ENTRY_BYTES:
        message = "the pages of the heap cannot be read"
        raise OSError(message)
    highest = entries[_ENTRY_BYTES - 1 :: _ENTRY_BYTES]
    return highest.translate(_IS_RESIDENT).count(1) * mmap.PAGESIZE
