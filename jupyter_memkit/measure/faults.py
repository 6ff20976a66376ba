"""Counts the page faults of this process (getrusage(2))."""

from __future__ import annotations

import sys
from dataclasses import dataclass

if sys.platform != "win32":
    import resource


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFaults:
    """The page faults of the whole process.

    Attributes
    ----------
    minor : int
        Faults without a read from disk, as when new memory is touched for the first
        time.
    major : int
        Faults with a read from disk, as when memory is read back from swap.
    """

    minor: int
    major: int


def read_page_faults() -> PageFaults | None:
    """Return the page faults of this process; None if the system does not count them.

    Examples
    --------
    >>> faults = read_page_faults()
    >>> faults is None or faults.minor > 0
    True
    """
    if sys.platform == "win32":
        return None
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return PageFaults(minor=usage.ru_minflt, major=usage.ru_majflt)
