"""Frames and series are Python's objects and arrays, but for their hash tables."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent

# What these consist of is objects of Python's, which the collector knows.
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


@sizer("pandas._libs.hashtable.HashTable")
def size_table(table: Any) -> Parts:
    """Size the hash table that an index makes when it is first searched."""
    return Parts(own_bytes=allocated(sys.getsizeof(table)) + table.sizeof())
