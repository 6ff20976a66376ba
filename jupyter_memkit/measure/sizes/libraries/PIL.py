"""Images: their pixels, which are not loaded when a file is only opened."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer

# Pillow stores the bands of all other modes in four bytes.
_PIXEL_BYTES = {"1": 1, "L": 1, "P": 1}
# The structure of an image and the list of its blocks (Imaging.h), as measured.
_HEADER_BYTES = 184


@sizer("PIL._imaging.ImagingCore", "ImagingCore")
def size_pixels(pixels: Any) -> Parts:
    """Size the pixels of an image."""
    width, height = pixels.size
    n_bytes = 2 if pixels.mode.startswith("I;16") else _PIXEL_BYTES.get(pixels.mode, 4)
    # Each line is padded to a multiple of four bytes, and has a pointer.
    line_bytes = (width * n_bytes + 3) & ~3
    own_bytes = allocated(sys.getsizeof(pixels)) + _HEADER_BYTES
    return Parts(own_bytes=own_bytes + height * (line_bytes + 8))
