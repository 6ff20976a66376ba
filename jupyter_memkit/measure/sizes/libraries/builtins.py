"""Memory of built-in objects that is visible nowhere else."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer

# Numbers up to this one are cached (Include/internal/pycore_runtime.h).
_LARGEST_SHARED = 256


@sizer("range")
def size_range(numbers: range) -> Parts:
    """Size a range, which also keeps its length as a separate number."""
    first, last = numbers[:1], numbers[-1:]
    length = (last.start - first.start) // numbers.step + 1 if numbers else 0
    length_bytes = allocated(length.__sizeof__()) if length > _LARGEST_SHARED else 0
    return Parts(
        own_bytes=allocated(numbers.__sizeof__()) + length_bytes,
        children=(numbers.start, numbers.stop, numbers.step),
    )


@sizer("PyCapsule")
def size_capsule(capsule: Any) -> Parts:
    """Size a capsule: that of a random generator of NumPy refers only to its state."""
    return Parts(
        own_bytes=allocated(capsule.__sizeof__()),
        is_whole=repr(capsule).startswith('<capsule object "BitGenerator"'),
    )
