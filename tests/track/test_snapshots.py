"""Changes of a namespace between two snapshots."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np

from jupyter_memkit.measure.sizes import Size
from jupyter_memkit.track.snapshots import Snapshot, snapshot


class Node:
    """An object to count."""


def test_changes() -> None:
    """Variables that appeared, vanished, grew and shrank, the largest change first."""
    before = snapshot({"gone": [1.5] * 10, "same": "x", "grows": [1.5], "less": [1, 2]})
    after = snapshot({"same": "x", "grows": [1.5] * 999, "less": [], "new": (1.5,)})
    changes = [(each.name, each.change) for each in before.compare(after).variables]
    assert changes[0] == ("grows", "grew")
    assert sorted(changes) == [
        ("gone", "vanished"),
        ("grows", "grew"),
        ("less", "shrank"),
        ("new", "appeared"),
    ]


def test_types() -> None:
    """Bytes are summed by type, the largest first."""
    before = snapshot({"a": np.ones(1000), "c": 1.5})
    after = snapshot({"a": np.ones(3000), "b": [1.5] * 100, "c": 1.5})
    types = before.compare(after).types
    assert list(types) == ["ndarray float64", "list"]
    assert types["ndarray float64"] == 16_000


def test_objects() -> None:
    """Objects without names are counted by type."""
    before = snapshot({})
    nodes = [Node() for _ in range(500)]
    assert before.compare(snapshot({})).objects[f"{__name__}.Node"] == len(nodes)


def test_nothing_is_kept() -> None:
    """A snapshot does not keep values alive."""
    node = Node()
    reference = weakref.ref(node)
    taken = snapshot({"node": node})
    del node
    gc.collect()
    assert reference() is None
    assert "node" in taken.sizes


def test_estimates_that_differ_by_chance() -> None:
    """A difference of two estimates within their errors is not a change."""

    def make(n_bytes: int, **options: Any) -> Snapshot:
        size = Size(bytes=n_bytes, **options)
        return Snapshot(
            rss_bytes=0,
            sizes={"x": size},
            total_bytes=n_bytes,
            types={"x": "t"},
            objects={},
        )

    estimate = {"exact": False, "error_ratio": 0.1}
    same = make(10_000_000, **estimate).compare(make(10_900_000))
    assert (same.variables, same.types) == ((), {})
    assert same.error_bytes is not None
    assert same.error_bytes > 900_000
    assert make(10_000_000, **estimate).compare(make(20_000_000)).variables
    assert make(1000).compare(make(1010)).variables
    cut = make(1000, exact=False, error_ratio=None).compare(make(5000))
    assert (cut.variables[0].accuracy, cut.error_bytes) == ("at least", None)


def test_memory_with_two_names() -> None:
    """Memory that got a second name is not taken from what is in no variable."""
    array = np.ones(1_000_000)
    before = snapshot({"a": array})
    found = before.compare(snapshot({"a": array, "b": array}))
    assert [each.name for each in found.variables] == ["b"]
    assert found.together_bytes < 10_000
    assert found.elsewhere_bytes > found.rss_bytes - 10_000


def test_a_small_part_of_a_large_variable() -> None:
    """A growth of a few MiB is seen however large the variable is."""
    before, after = (
        Snapshot(
            rss_bytes=0,
            sizes={"x": Size(bytes=n_bytes)},
            total_bytes=n_bytes,
            types={"x": "bytes"},
            objects={},
        )
        for n_bytes in (10 * 2**30, 10 * 2**30 + 5 * 2**20)
    )
    assert [each.change for each in before.compare(after).variables] == ["grew"]
