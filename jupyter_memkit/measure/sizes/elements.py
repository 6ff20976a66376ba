"""Reads the elements of containers, all or a sample, with the container's C methods."""

from __future__ import annotations

import random
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from jupyter_memkit.measure.sizes.addresses import BATCH

# The types whose objects can be very long, and the type whose methods read them. Only
# Python's own types: the attributes of a subclass would be missed.
CONTAINERS: dict[type, type] = {
    **{kind: kind for kind in (dict, list, tuple, set, frozenset, deque)},
    **dict.fromkeys((Counter, OrderedDict, defaultdict), dict),
}

# Walking over this many elements takes a tenth of a millisecond.
_WALKED_ELEMENTS = 5_000


def count_elements(container: type, value: Any) -> int:
    """Return the number of objects that a container holds.

    Parameters
    ----------
    container : type
        Its type, one of the values of `CONTAINERS`.
    value : object
        The container.
    """
    length: int = container.__len__(value)  # type: ignore[attr-defined]  # all have it
    return length * 2 if container is dict else length


def count_all_elements(container: type, values: list[Any]) -> list[int]:
    """Return the number of objects that each of several containers holds.

    Parameters
    ----------
    container : type
        The type of all of them, one of the values of `CONTAINERS`.
    values : list
        The containers.
    """
    lengths = list(map(container.__len__, values))  # type: ignore[attr-defined]
    return [length * 2 for length in lengths] if container is dict else lengths


def read_batches(container: type, value: Any) -> Iterator[list[Any]]:
    """Yield all objects that a container holds, a few thousand at a time.

    Parameters
    ----------
    container : type
        Its type, one of the values of `CONTAINERS`.
    value : object
        The container.
    """
    elements = iter(_iterate(container, value))
    while True:
        batch = _take(elements, BATCH)
        if not batch:
            return
        yield batch


def read_array_batches(elements: Any) -> Iterator[list[Any]]:
    """Yield all objects of a sequence that can be sliced, a few thousand at a time.

    Parameters
    ----------
    elements : numpy.ndarray or the like
        The objects.
    """
    for start in range(0, len(elements), BATCH):
        yield elements[start : start + BATCH].tolist()


def sample_elements(
    container: type, value: Any, count: int, seed: int = 0
) -> list[Any]:
    """Return a sample of the objects that a container holds, the same each time.

    In a list, a tuple or a small container, all elements are equally likely. Those of a
    large dict, set or deque are taken from its start, and from its end where it can be
    iterated backwards.

    Parameters
    ----------
    container : type
        Its type, one of the values of `CONTAINERS`.
    value : object
        The container.
    count : int
        The most objects to return.
    seed : int
        Containers of the same length are sampled at the same places if it is the same.
    """
    if container in (list, tuple):
        places = draw_places(count_elements(container, value), count, seed)
        return [container.__getitem__(value, place) for place in places]
    if count_elements(container, value) <= _WALKED_ELEMENTS:
        elements = _take(iter(_iterate(container, value)), _WALKED_ELEMENTS)
        return [elements[place] for place in draw_places(len(elements), count, seed)]
    if container is dict:
        keys, values = dict.keys(value), dict.values(value)
        return _take_ends([keys, values], [keys, values], count)
    if container is deque:
        return _take_ends([value], [value], count)
    return _take_ends([value], [], count)


def draw_places(length: int, count: int, seed: int = 0) -> list[int]:
    """Return ascending places, at most `count`, all equally likely.

    The draw is not stratified: neighbours are often the same object, which only shows
    when both are drawn.
    """
    if length <= count:
        return list(range(length))
    # Seeded, so that objects shared by two variables are found in both.
    draw = random.Random(length + (seed << 64)).random  # noqa: S311 - no secret
    return sorted({int(draw() * length) for _ in range(count)})


def _iterate(container: type, value: Any) -> Any:
    if container is dict:
        return chain(dict.keys(value), dict.values(value))
    return container.__iter__(value)  # type: ignore[attr-defined]  # all have it


def _take_ends(firsts: list[Any], lasts: list[Any], count: int) -> list[Any]:
    """Return a few elements from the starts and the ends."""
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
        # Another thread has changed the container; the rest cannot be read.
        return []
