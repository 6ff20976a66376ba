"""Draws from the distinct elements of a long container.

Elements are often the same object many times, as the names in a column are. All are
read, and each object gets a random number, computed from its address. Of each type,
those with the lowest numbers are drawn, so that each is equally likely, however often
it occurs, and so that two variables with the same elements draw the same. How many
there are shows in how low the numbers are (Gibbons, Distinct sampling for
highly-accurate answers to distinct values queries, VLDB 2001).
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable
from typing import Any

from jupyter_memkit.measure.deadlines import has_passed
from jupyter_memkit.measure.sizes.addresses import read_addresses
from jupyter_memkit.measure.sizes.identity import sort_by_type

# As long as there are fewer, they are counted; then the count is estimated to half a
# per cent.
_MOST_KEPT = 1 << 16

# The random numbers are below this.
_END = 1 << 64

# The references to an element besides those of its container: one from the list of
# drawn elements, one while they are counted.
_OUR_REFERENCES = 2


def may_repeat(drawn: list[Any]) -> bool:
    """Return whether anything else refers to one of some elements of a container."""
    counts = map(sys.getrefcount, drawn)
    return max(counts, default=0) > 1 + _OUR_REFERENCES


def draw_distinct(
    batches: Iterable[list[Any]], count: int, seed: int, deadline_s: float
) -> list[tuple[list[Any], float]] | None:
    """Draw from the distinct elements of a container.

    Parameters
    ----------
    batches : iterable of list
        All elements, a few thousand at a time.
    count : int
        The most elements to draw; at least one of each type is drawn.
    seed : int
        Draws with the same seed choose the same of the elements that they share.
    deadline_s : float
        When to stop, as `deadline_after` returns it.

    Returns
    -------
    list of tuple of list and float, or None
        For each type the drawn elements, each once, and how many distinct ones each
        represents. None if the deadline passed.

    Examples
    --------
    >>> draw_distinct([["a", 1], ["a", "a"]], 5, 0, float("inf"))
    [(['a'], 1.0), ([1], 1.0)]
    """
    # A product with an odd number, modulo a power of two (Knuth, TAOCP, volume 3, 6.4).
    factor = random.Random(seed).getrandbits(64) | 1  # noqa: S311 - no secret
    end = _END
    kept: dict[int, Any] = {}
    for batch in batches:
        if has_passed(deadline_s):
            return None
        kept |= _choose(batch, factor, end)
        while len(kept) > _MOST_KEPT:
            end //= 2
            kept = _choose(list(kept.values()), factor, end)
    by_type = [alike for _, alike in sort_by_type(list(kept.values()))]
    share = max(1, count // max(1, len(by_type)))
    drawn = []
    for alike in by_type:
        lowest = sorted(alike, key=lambda value: id(value) * factor % _END)[:share]
        drawn.append((lowest, len(alike) * (_END // end) / len(lowest)))
    return drawn


def _choose(objects: list[Any], factor: int, end: int) -> dict[int, Any]:
    """Return the objects whose numbers are below an end, by their addresses."""
    if end < _END:
        import numpy as np  # noqa: PLC0415 - only needed for many objects

        values, addresses = read_addresses(objects)
        numbers = addresses.astype(np.uint64) * np.uint64(factor)
        objects = values[numbers < np.uint64(end)].tolist()
    return dict(zip(map(id, objects), objects, strict=True))
