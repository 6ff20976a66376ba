"""Samples of many long containers, and the end of the search for giants."""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.measure.sizes.elements import sample_elements
from jupyter_memkit.measure.sizes.giants import GiantFinder
from jupyter_memkit.measure.sizes.kinds import Kinds


def test_rows_are_sampled_at_different_places() -> None:
    """Rows of one length are not all read at the same columns."""
    row = list(range(200))
    samples = [sample_elements(list, row, 16, seed) for seed in range(200)]
    assert len({place for sample in samples for place in sample}) > 190
    assert samples[3] == sample_elements(list, row, 16, 3)


def test_the_search_for_giants_ends_at_the_deadline() -> None:
    """After the deadline no further elements are read."""
    finder = GiantFinder(Kinds())
    finder.deadline_s = 0.0
    batches = iter([[1.5], [2.5], [3.5]])
    assert finder.find(batches) == []
    assert list(batches) == [[2.5], [3.5]]


def test_the_search_for_giants_reads_a_limited_number_of_referents() -> None:
    """The limit is that of the containers of all types together."""
    finder = GiantFinder(Kinds())
    finder._left = 95
    lists: list[Any] = [[*range(10)] for _ in range(20)]
    tuples = list(map(tuple, lists))
    assert finder._afford([(list, lists), (tuple, tuples)]) == lists[:9]


# MEMKIT_RANDOM_CONTAINERS=2000 tries more, with the seeds 0 to 1999. The stated error
# is that of 95 in 100 samples: of the first 300 seeds, six miss it.
COUNT = int(os.environ.get("MEMKIT_RANDOM_CONTAINERS", "0"))
# Those at which errors were once stated too small.
SEEDS = range(COUNT) if COUNT else (10, 11, 12, 13)


def make_container(draw: random.Random) -> list[Any]:
    """Create rows of one width, with values that are unique or shared."""
    width = draw.choice([2, 5, 20, 100, 300])
    shared = [str(number) * 3 for number in range(draw.choice([1, 50, 2000]))]
    makers: list[Callable[[int], Any]] = [
        lambda number: str(number) * 4,
        lambda number: number + 0.5,
        lambda number: number % 100,
        lambda _: draw.choice(shared),
        lambda number: [number],
    ]
    make = draw.choice(makers)
    builds: list[Callable[[list[Any]], Any]] = [list, tuple, deque, enumerate_to_dict]
    build = draw.choice(builds)
    return [
        build([make(row * width + place) for place in range(width)])
        for row in range(draw.choice([300_000, 600_000]) // width)
    ]


def enumerate_to_dict(values: list[Any]) -> dict[str, Any]:
    """Return a dict with a new text as the key of each value."""
    return {str(number): value for number, value in enumerate(values)}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_stated_error_holds(seed: int) -> None:
    """An estimate of random rows is as close to the exact size as it states."""
    value = [make_container(random.Random(seed))]
    exact = sizeof(value).bytes
    estimate = sizeof(value, exact=False)
    assert estimate.error_ratio is not None
    assert estimate.bytes == pytest.approx(exact, rel=estimate.error_ratio)
