"""Checks how lines begin, before pyarrow sees them, and counts them in passing.

pyarrow reads a line ``null`` as a row without values, and crashes if a part of a block
begins with one. It also ends a part at a lone CR.
"""

from __future__ import annotations

import re
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.lines import count_rows

# Windows stay in the cache of the processor.
_WINDOW_BYTES = 1 << 18

_LF, _CR, _OPEN = b"\n\r{"
_FIRST = re.compile(rb"[ \t\r\n]*\{")
_ODD_START = re.compile(rb"\n[ \t\r]*[^{ \t\r\n]")


def count_objects(block: bytes) -> int | None:
    """Return how many lines are not blank; None unless each begins an object."""
    first = _FIRST.match(block)
    if first is None or (b"\r" in block and _count_pairs(block, _CR, _LF) is None):
        return None
    count = _count_pairs(block, _LF, _OPEN)
    if count is not None:
        return count + (b"\n" not in first.group())
    # The pattern takes longer, and few files have blank or indented lines.
    return None if _ODD_START.search(block) else count_rows(block, skips_empty=True)


def _count_pairs(block: bytes, before: int, after: int) -> int | None:
    """Return how often a byte is followed by another; None unless it always is."""
    numpy: Any = import_library("numpy", "JSON")
    text = numpy.frombuffer(block, numpy.uint8)
    count = 0
    for start in range(0, len(text) - 1, _WINDOW_BYTES):
        window = text[start : start + _WINDOW_BYTES + 1]
        found = window[:-1] == before
        if (found & (window[1:] != after)).any():
            return None
        count += int(numpy.count_nonzero(found))
    return count
