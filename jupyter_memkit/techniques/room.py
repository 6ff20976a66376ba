"""How much memory is left below the limit with the least room, and the guard's mark."""

from __future__ import annotations

import sys

from jupyter_memkit.measure.children import children_meter
from jupyter_memkit.measure.gauge import find_tightest
from jupyter_memkit.measure.limits import read_limits
from jupyter_memkit.measure.process import read_file_bytes, read_rss_bytes

_GUARD = "jupyter_memkit.techniques.guard.armed"


def read_room_bytes() -> int | None:
    """Return what is left for this process and its children, in bytes.

    Other processes count where they count against the limit. This process's pages of
    mapped files do not, because the system takes them back.

    Returns
    -------
    int or None
        0 if nothing is left; None if there is no mark and no limit could be read.

    Examples
    --------
    >>> read_room_bytes() > 0
    True
    """
    own_bytes = read_rss_bytes() - read_file_bytes()
    family_bytes = own_bytes + children_meter().observe().bytes
    gauge = find_tightest(list(read_limits()), family_bytes)
    # A process that has not loaded the guard has not armed it.
    guard = sys.modules.get(_GUARD)
    rooms = (
        None if gauge is None else gauge.room_bytes,
        None if guard is None else guard.process_guard().room_bytes,
    )
    return min((max(0, room) for room in rooms if room is not None), default=None)
