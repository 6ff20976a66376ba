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
        return Snapshot(rss_bytes=0, sizes={"x": size}, types={"x": "t"}, objects={})

    estimate = {"exact": False, "error_ratio": 0.1}
    assert not make(10_000_000, **estimate).compare(make(10_900_000)).variables
    assert make(10_000_000, **estimate).compare(make(20_000_000)).variables
    assert make(1000).compare(make(1010)).variables
