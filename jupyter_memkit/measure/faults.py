"""Counts the page faults of this process (getrusage(2))."""

from __future__ import annotations

import sys
from dataclasses import dataclass

if sys.platform != "win32":
    import resource


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFaults:
    """Page faults, of the whole process.

    Attributes
    ----------
    minor : int
        Those met from memory, as when new memory is touched for the first time.
    major : int
        Those that read from disk, as when memory comes back from swap.
    """

    minor: int
    major: int


def read_page_faults() -> PageFaults | None:
    """Return the page faults of this process so far; None where nothing counts them.

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
