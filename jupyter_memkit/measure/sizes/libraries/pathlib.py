"""Paths, whose parts are also in Python's table of interned strings."""

from __future__ import annotations

from pathlib import PurePath

from jupyter_memkit.measure.sizes.allocation import allocated, object_bytes
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer

# An entry in the table of interned strings.
_ENTRY_BYTES = 64


@sizer("pathlib.PurePath", "pathlib._local.PurePath")
def size_path(path: PurePath) -> Parts:
    """Size a path without its parts, which are its attributes."""
    own_bytes = allocated(object_bytes(type(path)))
    return Parts(own_bytes=own_bytes, hidden_bytes=_ENTRY_BYTES)
