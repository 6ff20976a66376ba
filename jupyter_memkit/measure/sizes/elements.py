"""Reads what a container holds, in batches or a sample, by the container's C code."""

from __future__ import annotations

import random
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from jupyter_memkit.measure.sizes.addresses import BATCH

# The types whose objects can be very long, and the one whose code reads them. Of a
# subclass its attributes would be missed, so these are no others than Python's own.
CONTAINERS: dict[type, type] = {
    **{kind: kind for kind in (dict, list, tuple, set, frozenset, deque)},
    **dict.fromkeys((Counter, OrderedDict, defaultdict), dict),
}

# Walking over this many elements takes a tenth of a millisecond.
_WALKED_ELEMENTS = 5_000


def count_elements(container: type, value: Any) -> int:
    """Return how many objects a container holds.

    Parameters
    ----------
    container : type
        Which of the values of `CONTAINERS` it is.
    value : object
        The container.
    """
    length: int = container.__len__(value)  # type: ignore[attr-defined]  # all have it
    return length * 2 if container is dict else length


def read_batches(container: type, value: Any) -> Iterator[list[Any]]:
    """Yield all that a container holds, some thousands at a time.

    Parameters
    ----------
    container : type
        Which of the values of `CONTAINERS` it is.
    value : object
        The container.
    """
    elements = iter(_iterate(container, value))
    while True:
        batch = _take(elements, BATCH)
        if not batch:
            return
        yield batch


def sample_elements(container: type, value: Any, count: int) -> list[Any]:
    """Return some of what a container holds, the same ones each time.

    Where every place is as near as another, all are as likely. Of a large dict, set or
    deque they are among the first, and the last where these can be reached.

    Parameters
    ----------
    container : type
        Which of the values of `CONTAINERS` it is.
    value : object
        The container.
    count : int
        How many, at most.
    """
    if container in (list, tuple):
        places = draw_places(count_elements(container, value), count)
        return [container.__getitem__(value, place) for place in places]
    if count_elements(container, value) <= _WALKED_ELEMENTS:
        elements = _take(iter(_iterate(container, value)), _WALKED_ELEMENTS)
        return [elements[place] for place in draw_places(len(elements), count)]
    if container is dict:
        keys, values = dict.keys(value), dict.values(value)
        return _take_ends([keys, values], [keys, values], count)
    if container is deque:
        return _take_ends([value], [value], count)
    return _take_ends([value], [], count)


def draw_places(length: int, count: int) -> list[int]:
    """Return ascending places, at most `count`, each as likely as another.

    Not one from each of `count` stretches: neighbours are often the same object, which
    only shows when both are drawn.
    """
    if length <= count:
        return list(range(length))
    # Seeded: what two variables share is found in both.
    draw = random.Random(length).random  # noqa: S311 - no secret
    return sorted({int(draw() * length) for _ in range(count)})


def _iterate(container: type, value: Any) -> Any:
    if container is dict:
        return chain(dict.keys(value), dict.values(value))
    return container.__iter__(value)  # type: ignore[attr-defined]  # all have it


def _take_ends(firsts: list[Any], lasts: list[Any], count: int) -> list[Any]:
    """Return a few elements of what comes first and what comes last."""
    ends = [*map(iter, firsts), *map(reversed, lasts)]
    stride = max(1, _WALKED_ELEMENTS * len(ends) // count)
    return [
        element
        for end in ends
        for element in _take(islice(end, 0, _WALKED_ELEMENTS, stride), count)
    ]


def _take(elements: Iterator[Any], count: int) -> list[Any]:
    try:
        return list(islice(elements, count))
    except RuntimeError:
        # Another thread has changed the container; the rest is not to be had.
        return []
