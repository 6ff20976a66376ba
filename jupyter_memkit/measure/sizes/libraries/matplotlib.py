"""Figures, which consist of Python objects and arrays, except for their canvas."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer


@sizer("matplotlib.backends._backend_agg.RendererAgg")
def size_renderer(renderer: Any) -> Parts:
    """Size the pixels of a figure."""
    n_bytes = memoryview(renderer).nbytes
    return Parts(own_bytes=allocated(sys.getsizeof(renderer)) + allocated(n_bytes))
