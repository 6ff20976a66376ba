"""Times, which are shorter without a zone, and zones, which the collector skips."""

from __future__ import annotations

import datetime as dt
import sys

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer

_POINTER_BYTES = tuple.__itemsize__

_read_zone = dt.time.__dict__["tzinfo"].__get__
_read_parts = dt.timezone.__dict__["__getinitargs__"]


@sizer("datetime.timezone")
def size_timezone(zone: dt.timezone) -> Parts:
    """Size a time zone with its offset and its name."""
    return Parts(own_bytes=allocated(sys.getsizeof(zone)), children=_read_parts(zone))


@sizer("datetime.time")
def size_time(time: dt.time) -> Parts:
    """Size a time, whose last field is its zone, if any."""
    zone = _read_zone(time)
    n_bytes = sys.getsizeof(time) - (_POINTER_BYTES if zone is None else 0)
    return Parts(own_bytes=allocated(n_bytes), children=() if zone is None else (zone,))
