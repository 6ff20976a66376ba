"""Samples of many long containers, and the end of the search for giants."""

from __future__ import annotations

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
