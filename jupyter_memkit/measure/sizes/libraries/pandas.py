"""Frames and series are Python's objects and arrays, but for their hash tables."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent

transparent("pandas.")


@sizer("pandas._libs.index.IndexEngine")
def size_engine(engine: Any) -> Parts:
    """Size the hash table that an index makes when it is first searched."""
    return Parts(own_bytes=engine.sizeof())
