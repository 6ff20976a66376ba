"""How many collections a pause avoids."""

from __future__ import annotations

import gc
import sys

from jupyter_memkit.techniques.gc_pausing.state import IS_FREE_THREADED

# Free-threaded builds also look at the size of the heap before they collect, so
# the counter alone is not enough there.
_COUNTER_DECIDES = not IS_FREE_THREADED

AVOIDED_IS_LOWER_BOUND = sys.version_info < (3, 12)
"""Whether the number is a lower bound.

From Python 3.12 on the collector runs between two steps of Python code only: a call of
C that makes a million objects, such as ``json.loads``, is followed by one collection.
"""


class AvoidedCollections:
    """Counts the collections that the found thresholds would have started.

    Parameters
    ----------
    found, raised : tuple of int
        The thresholds without the pause, and in it.
    """

    def __init__(self, found: tuple[int, ...], raised: tuple[int, ...]) -> None:
        self._found = found
        self._raised = raised
        self._collections = _count_collections()

    def read(self) -> int | None:
        """Return how many were avoided so far; None where that is unknown."""
        if not _COUNTER_DECIDES or gc.get_threshold() != self._raised:
            return None
        if self._found[0] == 0:
            return 0  # A threshold of 0 disables collections.
        # The count is the net number of objects since the last collection, so each of
        # those that ran found one more of them than the threshold in the pause is.
        ran = _count_collections() - self._collections
        net_objects = ran * (self._raised[0] + 1) + gc.get_count()[0]
        return max(0, net_objects // (self._found[0] + 1) - ran)


def _count_collections() -> int:
    """Count the young collections: a call of gc.collect() is none of them."""
    return sum(each["collections"] for each in gc.get_stats()[:2])
