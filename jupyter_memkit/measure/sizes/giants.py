"""Finds the few large objects among many small ones, which a sample would miss.

The own sizes of all elements of a long container and of their referents are read, at a
few hundred nanoseconds each. Objects that are much larger than the others around them
or have a rare type are measured one by one; the sample represents the rest.
"""

from __future__ import annotations

import gc
import math
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

from jupyter_memkit.measure.deadlines import has_passed
from jupyter_memkit.measure.sizes.elements import count_all_elements
from jupyter_memkit.measure.sizes.identity import sort_by_type
from jupyter_memkit.measure.sizes.kinds import Kinds

# An object is large from this multiple of the others' mean on.
_TIMES_THE_MEAN = 8
_LEAST_BYTES = 512
# A type is rare when at most one in this many objects has it.
_RARE_RATIO = 256
# The most referents of elements that one measurement reads, which takes a tenth of a
# second.
_MOST_BELOW = 500_000


class GiantFinder:
    """Finds large objects, for one measurement.

    Parameters
    ----------
    kinds : Kinds
        The kinds of the types.

    Attributes
    ----------
    deadline_s : float
        When to stop searching, as `deadline_after` returns it.
    """

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self.deadline_s = math.inf
        self._left = _MOST_BELOW

    def find(self, batches: Iterable[list[Any]]) -> list[Any]:
        """Return the large objects among elements and their referents.

        Parameters
        ----------
        batches : iterable of list
            All elements of a container, a few thousand at a time.
        """
        found: dict[int, Any] = {}
        for batch in batches:
            if has_passed(self.deadline_s):
                break
            parents = self._look_through(batch, found)
            while parents and self._left > 0:
                # Attributes may be in a separate dict, one level further down.
                referents = gc.get_referents(*self._afford(parents))
                # Also when the first alone has more, so that this ends.
                self._left -= max(1, len(referents))
                below = self._look_through(referents, found)
                parents = [(kind, alike) for kind, alike in below if kind is dict]
        return list(found.values())

    def _afford(self, parents: list[tuple[type, list[Any]]]) -> list[Any]:
        """Return as many objects as have at most the number of referents left."""
        afforded: list[Any] = []
        left = self._left
        for kind, alike in parents:
            container = self._kinds[kind].container
            # One without elements is read, too.
            several = alike[: max(0, left)]
            if container is None:
                left -= len(several)
            else:
                ends = list(accumulate(count_all_elements(container, several)))
                del several[bisect_right(ends, left) :]
                left -= ends[len(several) - 1] if several else 0
            afforded += several
        return afforded

    def _look_through(
        self, objects: list[Any], found: dict[int, Any]
    ) -> list[tuple[type, list[Any]]]:
        """Add the large objects, and return the others that have referents, by type."""
        sized: list[tuple[list[Any], list[int]]] = []
        parents: list[tuple[type, list[Any]]] = []
        for each, alike in sort_by_type(objects):
            kind = self._kinds[each]
            if kind.is_program:
                continue
            if len(alike) * _RARE_RATIO <= len(objects):
                found.update((id(value), value) for value in alike)
                continue
            if not kind.is_fixed:
                sized.append((alike, list(map(kind.sizeof, alike))))
            if kind.has_referents and kind.sizer is None and kind.way_out is None:
                parents.append((each, alike))
        limit = _find_limit([size for _, sizes in sized for size in sizes])
        for alike, sizes in sized:
            if max(sizes) > limit:
                found.update(
                    (id(value), value)
                    for value, size in zip(alike, sizes, strict=True)
                    if size > limit
                )
        return parents


def _find_limit(sizes: list[int]) -> int:
    """Return the size above which an object is large compared with the others."""
    while sizes:
        limit = max(_LEAST_BYTES, _TIMES_THE_MEAN * sum(sizes) // len(sizes))
        if max(sizes) <= limit:
            return limit
        sizes = [size for size in sizes if size <= limit]
    return _LEAST_BYTES
