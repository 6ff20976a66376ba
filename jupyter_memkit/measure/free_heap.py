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
from itertools import pairwise
from pathlib import Path
from typing import Any

_PYTHON_FREE = re.compile(
    rb"^(?:# bytes in available blocks|\d+ unused pools \* \d+ bytes) *= *([\d,]+)$",
    re.MULTILINE,
)
# The first heap is the main one. Each of the others, which threads use, consists of
# parts that begin at a multiple of their most bytes; the rest of a part is reserved.
_HEAP = re.compile(rb"<heap nr=.*?</heap>", re.DOTALL)
_FREE_CHUNKS = re.compile(rb'<total type="(?:fast|rest)" count="\d+" size="(\d+)"/>')
_HEAP_SIZE = re.compile(rb'<system type="current" size="(\d+)"/>')
_ACCESSIBLE = re.compile(rb'<aspace type="mprotect" size="(\d+)"/>')
_PART_BYTES = 64 << 20
_MAPPING = re.compile(rb"^(\w+)-(\w+) (\S+) \S+ \S+ \d+ *(.*)$", re.MULTILINE)

# An entry of /proc/self/pagemap (proc(5)) has 8 bytes; the highest bit says whether the
# page is resident.
_ENTRY_BYTES = 8
_IS_RESIDENT = bytes(entry >> 7 for entry in range(256))

# What reading raises where there is no such function, or no such file.
_UNAVAILABLE = (ImportError, AttributeError, OSError, TypeError, ValueError)


def read_free_heap_bytes() -> int:
    """Return the resident memory that is free in the heaps of the C library.

    Returns
    -------
    int
        Free memory in bytes, which `trim_allocator` returns to the system except for
        parts of pages; 0 if unknown, as on systems other than Linux with glibc. The
        heaps of threads are left out if their addresses are not certain.
    """
    if sys.platform != "linux":
        return 0
    try:
        return _read_free_heaps()
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
    """Return what a C function writes to a stream, its last argument."""
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


def _read_free_heaps() -> int:
    import ctypes  # noqa: PLC0415 - as above

    main, *others = _HEAP.findall(_read_report(ctypes.CDLL(None).malloc_info, 0))
    main_parts, other_parts = _find_heaps()
    free_bytes = _count_free([main], main_parts)
    accessible = _ACCESSIBLE.findall(b"".join(others))
    if sum(end - start for start, end in other_parts) == sum(map(int, accessible)):
        free_bytes += _count_free(others, other_parts)
    return free_bytes


def _count_free(heaps: list[bytes], parts: list[tuple[int, int]]) -> int:
    """Return what is resident in parts of heaps and, by the report, not in use."""
    text = b"".join(heaps)
    size_bytes = sum(map(int, _HEAP_SIZE.findall(text)))
    in_use_bytes = size_bytes - sum(map(int, _FREE_CHUNKS.findall(text)))
    return max(0, sum(map(_read_resident_bytes, parts)) - in_use_bytes)


def _find_heaps() -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the addresses of the main heap, and of what may be parts of others."""
    mappings = [
        (int(start, 16), int(end, 16), access, name)
        for start, end, access, name in _MAPPING.findall(
            Path("/proc/self/maps").read_bytes()
        )
    ]
    main = [(start, end) for start, end, _, name in mappings if name == b"[heap]"]
    others = []
    # The second of a pair is what follows, and may be the reserved rest of a part.
    for (start, end, access, name), (after, rest_end, rest, _) in pairwise(mappings):
        is_whole = end % _PART_BYTES == 0
        is_begun = (after, rest, rest_end % _PART_BYTES) == (end, b"---p", 0)
        is_memory = not name and access == b"rw-p"
        if is_memory and start % _PART_BYTES == 0 and (is_whole or is_begun):
            others.append((start, end))
    return main, others


def _read_resident_bytes(addresses: tuple[int, int]) -> int:
    """Return the resident memory of a range of addresses.

    Raises
    ------
    OSError
        If the system does not report it.
    """
    import mmap  # noqa: PLC0415 - only here

    first, end = (address // mmap.PAGESIZE for address in addresses)
    with Path("/proc/self/pagemap").open("rb", buffering=0) as pagemap:
        pagemap.seek(first * _ENTRY_BYTES)
        entries = pagemap.read((end - first) * _ENTRY_BYTES)
    if entries is None or len(entries) < (end - first) * _ENTRY_BYTES:
        message = "the pages of the heap cannot be read"
        raise OSError(message)
    highest = entries[_ENTRY_BYTES - 1 :: _ENTRY_BYTES]
    return highest.translate(_IS_RESIDENT).count(1) * mmap.PAGESIZE
