"""Checks how lines begin, before pyarrow sees them.

pyarrow reads a line ``null`` as a row without values, and crashes if a part of a block
begins with one. It also ends a part at a lone CR.
"""

from __future__ import annotations

import re
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library

# Windows stay in the cache of the processor.
_WINDOW_BYTES = 1 << 18

_LF, _CR, _OPEN = b"\n\r{"
_FIRST = re.compile(rb"[ \t\r\n]*\{")
_ODD_START = re.compile(rb"\n[ \t\r]*[^{ \t\r\n]")


def begin_objects(block: bytes) -> bool:
    """Return whether every line that is not blank begins an object."""
    if not _FIRST.match(block):
        return False
    if b"\r" in block and not _follow_each(block, _CR, _LF):
        return False
    # The pattern takes longer, and few files have blank or indented lines.
    return _follow_each(block, _LF, _OPEN) or not _ODD_START.search(block)


def _follow_each(block: bytes, before: int, after: int) -> bool:
    """Return whether one byte is always followed by another."""
    numpy: Any = import_library("numpy", "JSON")
    text = numpy.frombuffer(block, numpy.uint8)
    for start in range(0, len(text) - 1, _WINDOW_BYTES):
        window = text[start : start + _WINDOW_BYTES + 1]
        if ((window[:-1] == before) & (window[1:] != after)).any():
            return False
    return True
