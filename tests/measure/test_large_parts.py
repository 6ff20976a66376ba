"""The large blocks of memory of an object."""

from __future__ import annotations

import numpy as np

from jupyter_memkit.measure.large_parts import find_large_parts


def test_many_references_to_few_objects_end_the_search() -> None:
    """Millions of references to the same object are not followed one by one."""
    block = np.ones(1_000_000)
    assert len(find_large_parts([block])) == 1
    # In whatever order they are visited.
    before, after = ([[0] * 10_000 for _ in range(50)] for _ in range(2))
    assert find_large_parts([*before, block, *after]) == []
