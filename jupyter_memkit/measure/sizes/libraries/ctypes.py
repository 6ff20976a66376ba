"""Pointers without a type, in which libraries keep the addresses of native objects."""

from __future__ import annotations

import ctypes
from dataclasses import replace

from jupyter_memkit.measure.sizes.libraries._ctypes import size_data
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer


@sizer("ctypes.c_void_p")
def size_pointer(pointer: ctypes.c_void_p) -> Parts:
    """Size a pointer without the memory it refers to, whose size is unknown."""
    # Not the attribute `value`, which a subclass can override.
    is_null = not any(memoryview(pointer).cast("B"))
    return replace(size_data(pointer), is_whole=is_null)
