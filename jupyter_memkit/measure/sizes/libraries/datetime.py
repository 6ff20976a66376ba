"""Time zones of a fixed offset, which the collector does not look into."""

from __future__ import annotations

import datetime as dt
import sys

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer

_read_parts = dt.timezone.__dict__["__getinitargs__"]


@sizer("datetime.timezone")
def size_timezone(zone: dt.timezone) -> Parts:
    """Size a time zone with its offset and its name."""
    return Parts(own_bytes=allocated(sys.getsizeof(zone)), children=_read_parts(zone))
