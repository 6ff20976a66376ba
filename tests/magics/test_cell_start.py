"""What a stop reports about the growth of variables, and what remembering it costs."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

from jupyter_memkit.magics.cell_start import CellStart

BYTES = 1000


@pytest.mark.parametrize(
    ("before", "after", "grown_bytes"),
    [
        ([1, 2], [1, 2, 3, 4, 5, 6, 7, 8], 750),
        ({1: 1, 2: 2}, {1: 1, 2: 2, 3: 3, 4: 4}, 500),
        ({1}, {1, 2}, 500),
        ([1], [1], 0),
        (np.ones(3), np.ones(3), None),
        ("text", "text", None),
    ],
)
def test_changed_in_place(
    before: object, after: object, grown_bytes: int | None
) -> None:
    """A container's growth follows from its length; of others it is unknown."""
    value = before
    start = CellStart({"other": [], "value": value})
    if isinstance(value, list):
        value[:] = after  # type: ignore[call-overload] # the type of `before`
    elif isinstance(value, (dict, set)):
        value.update(after)  # type: ignore[arg-type,call-overload] # likewise
    assert start.grown_bytes("value", value, BYTES) == grown_bytes


def test_new_and_replaced() -> None:
    """A new variable, or another value under an old name, has grown by its size."""
    namespace = {"old": [1, 2, 3]}
    start = CellStart(namespace)
    replaced = [1, 2, 3, 4]
    assert start.has("old")
    assert not start.has("new")
    assert start.grown_bytes("new", namespace["old"], BYTES) == BYTES
    assert start.grown_bytes("old", replaced, BYTES) == BYTES


def test_no_reference() -> None:
    """A variable that the cell deletes is freed at once."""
    array = np.ones(3)
    before = sys.getrefcount(array)
    start = CellStart({"array": array})
    assert sys.getrefcount(array) == before
    assert start.has("array")


def test_nothing_for_the_collector() -> None:
    """However many variables there are, the collector gets no more to visit."""

    def count_objects(count: int) -> int:
        namespace = {f"name_{number}": [number] for number in range(count)}
        gc.collect()
        before = len(gc.get_objects())
        start = CellStart(namespace)
        grown = len(gc.get_objects()) - before
        assert start.has("name_0")
        return grown

    assert count_objects(2000) == count_objects(2)
