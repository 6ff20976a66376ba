"""Frames and series, which are Python objects and arrays except for hash tables."""

from __future__ import annotations

import os
import struct
import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Buffer, Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent
from jupyter_memkit.measure.sizes.untouched import LEAST_BYTES

# These consist of Python objects, which the collector visits.
transparent(
    "pandas.Interval",
    *(
        f"pandas._libs.{name}."
        for name in (
            "arrays",
            "index",
            "indexing",
            "internals",
            "interval",
            "lib",
            "properties",
            "sparse",
            "tslibs",
        )
    ),
)


# The offset of the pointer to the structure `kh_..._t`: four counts, and the addresses
# of the flags, the keys and the values (pandas/vendored/klib/khash.h).
_TABLE_PLACE = 24
_STRUCTURE = struct.Struct("=4I3Q")
_COUNTS = ("n_buckets", "size", "n_occupied", "upper_bound")
_VALUE_BYTES = 8


@sizer("pandas._libs.hashtable.HashTable")
def size_table(table: Any) -> Parts:
    """Size the hash table that an index creates when it is first searched.

    Pages of buckets without a key are untouched, as most that ascending numbers leave
    free.
    """
    own_bytes, n_bytes = allocated(sys.getsizeof(table)), table.sizeof()
    buffers = _find_buckets(table, n_bytes) if n_bytes >= LEAST_BYTES else ()
    if not buffers:
        own_bytes += n_bytes
    return Parts(own_bytes=own_bytes, buffers=buffers)


def _find_buckets(table: Any, n_bytes: int) -> tuple[Buffer, ...]:
    """Return the buffers of a table's buckets; none if they cannot be verified."""
    state = table.get_state()
    try:
        (address,) = struct.unpack("=Q", _read_memory(id(table) + _TABLE_PLACE, 8))
        *counts, flags, keys, values = _STRUCTURE.unpack(
            _read_memory(address, _STRUCTURE.size)
        )
    except (OSError, OverflowError, struct.error):
        return ()
    if counts != [state[name] for name in _COUNTS]:
        return ()
    flags_bytes = max(counts[0] // 32, 1) * 4
    values_bytes = counts[0] * _VALUE_BYTES
    keys_bytes = n_bytes - _STRUCTURE.size - flags_bytes - values_bytes
    return (
        Buffer(address=flags, bytes=flags_bytes),
        Buffer(address=keys, bytes=keys_bytes),
        Buffer(address=values, bytes=values_bytes),
    )


def _read_memory(address: int, n_bytes: int) -> bytes:
    """Return the bytes at an address, without crashing if nothing is mapped there."""
    file = os.open("/proc/self/mem", os.O_RDONLY)
    try:
        return os.pread(file, n_bytes, address)
    finally:
        os.close(file)
