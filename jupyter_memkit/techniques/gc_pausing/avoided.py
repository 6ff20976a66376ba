"""Counts the collections that a pause avoids."""

from __future__ import annotations

import gc
import sys

from jupyter_memkit.techniques.gc_pausing.state import IS_FREE_THREADED

# Free-threaded builds also consider the size of the heap before they collect, so the
# counter alone does not decide.
_COUNTER_DECIDES = not IS_FREE_THREADED

AVOIDED_IS_LOWER_BOUND = sys.version_info < (3, 12)
"""Whether the number is a lower bound.

Since Python 3.12 the collector only runs between two instructions of Python code, so a
call into C that creates a million objects, such as ``json.loads``, is followed by a
single collection.
"""


class AvoidedCollections:
    """Counts the collections that would have run with the original thresholds.

    Parameters
    ----------
    found, raised : tuple of int
        The thresholds without and during the pause.
    """

    def __init__(self, found: tuple[int, ...], raised: tuple[int, ...]) -> None:
        self._found = found
        self._raised = raised
        self._collections = _count_collections()

    def read(self) -> int | None:
        """Return how many were avoided so far; None if that is unknown."""
        if not _COUNTER_DECIDES or gc.get_threshold() != self._raised:
            return None
        if self._found[0] == 0:
            return 0  # A threshold of 0 disables collections.
        # The count is the net number of new objects since the last collection. A
        # collection that ran found one more than the threshold during the pause.
        ran = _count_collections() - self._collections
        net_objects = ran * (self._raised[0] + 1) + gc.get_count()[0]
        return max(0, net_objects // (self._found[0] + 1) - ran)


def _count_collections() -> int:
    """Count collections of young generations, which excludes gc.collect()."""
    return sum(each["collections"] for each in gc.get_stats()[:2])
