"""Picklers, whose memos hold objects that are not visible."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer


@sizer("_pickle.Pickler", "_pickle.Unpickler")
def size_pickler(pickler: Any) -> Parts:
    """Size a pickler without the referents of its memo."""
    return Parts(own_bytes=allocated(sys.getsizeof(pickler)), is_whole=False)
