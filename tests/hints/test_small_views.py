"""Small views of large blocks are found anywhere in a value, with a working cure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.track.leaks.shown import ShownFinder
from jupyter_memkit.track.leaks.small_views import find_small_views

N = 1_000_000


class Slotted:
    """An object without a ``__dict__``."""

    __slots__ = ("part",)


@dataclass(frozen=True)
class Frozen:
    """An object whose attributes cannot be set."""

    part: Any


class Named(NamedTuple):
    """A tuple with names."""

    part: Any


def make_slotted() -> Slotted:
    """Create an object with a view of an array."""
    made = Slotted()
    made.part = np.ones(N)[:10]  # type: ignore[attr-defined]
    return made


def make_chain(length: int) -> Any:
    """Create a chain of objects, the last of which refers to a view."""
    made: Any = np.ones(N)[:10]
    for _ in range(length):
        made = [made, None]
    return made


# Values, and how many bytes they show of 8,000,000 or more.
VIEWS: dict[str, tuple[Any, int]] = {
    "attribute": (SimpleNamespace(part=np.ones(N)[:10]), 80),
    "slot": (make_slotted(), 80),
    "frozen": (Frozen(np.ones(N)[:10]), 80),
    "named tuple": (Named(np.ones(N)[:10]), 80),
    "frozen in a list": ([Frozen(np.ones(N)[:10])], 80),
    "nested": ({"a": [1, {"b": np.ones(N)[:10]}]}, 80),
    "in a list": ([1, np.ones(N)[:10]], 80),
    "in a tuple": ((1, np.ones(N)[:10]), 80),
    "deep": (make_chain(500), 80),
    "many": ([np.ones(N)[:10]] * 3_000, 3_000 * 80),
    "masked": (np.ma.array(np.ones(N))[:10], 80),
    "field": (np.ones(N // 4, [(name, "f8") for name in "abcde"])["a"], 2 * N),
    "row": (np.ones(N, [("a", "f8"), ("b", "f8")])[3], 16),
    "memoryview": (memoryview(bytearray(8 * N))[:10], 10),
    "over bytes": (np.frombuffer(bytes(8 * N), "u1")[:10], 10),
    "nullable": (pd.Series(np.arange(N), dtype="Int64").iloc[:10], 90),
    "zoned": (pd.Series(pd.date_range("2000", periods=N, tz="UTC", freq="s"))[:10], 80),
    "category": (pd.Series(pd.Categorical(np.zeros(8 * N, "i1"))).iloc[:10], 10),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views(name: str) -> None:
    """A small view is found, and its cure replaces it with an equal copy."""
    value, view_bytes = VIEWS[name]
    (view,) = find_small_views({"x": value}, ShownFinder())
    assert view.view_bytes == view_bytes
    assert view.base_bytes >= 8 * N
    namespace = {"x": value}
    before = repr(value)
    exec(view.cure, namespace)
    assert name == "memoryview" or repr(namespace["x"]) == before
    assert list(find_small_views({"x": namespace["x"]}, ShownFinder())) == []


def test_index_of_several_levels() -> None:
    """A few rows keep the positions of all rows in each level of their index."""
    levels = pd.MultiIndex.from_product([range(1000), range(N // 100)])
    value = pd.DataFrame({"a": range(len(levels))}, index=levels).iloc[:10].copy()
    (view,) = find_small_views({"x": value}, ShownFinder())
    assert view.base_bytes == 2 * len(levels) * 2
    namespace = {"x": value}
    exec(view.cure, namespace)
    pd.testing.assert_frame_equal(namespace["x"], value)
    assert list(find_small_views(namespace, ShownFinder())) == []


def make_function() -> Any:
    """Create a function that keeps an array and a view of it."""
    array = np.ones(N)
    return [lambda: array, array[:10]]


def make_circle() -> list[Any]:
    """Create a list that refers to itself, to an array and to a view of it."""
    array = np.ones(N)
    circle: list[Any] = [array, array[:10]]
    circle.append(circle)
    return circle


def make_generator() -> Iterator[float]:
    """Create a generator that holds a view of an array and cannot be copied."""
    part = np.ones(N)[:10]
    yield from part


def start(generator: Iterator[float]) -> Iterator[float]:
    """Run a generator up to its first value."""
    next(generator)
    return generator


BIG = np.ones(N)
RAW = bytes(8 * N)
WHOLE: dict[str, Any] = {
    "array": [{"a": BIG}, SimpleNamespace(part=BIG[:10])],
    "bytes": (RAW, memoryview(RAW)[:10]),
    "function": make_function(),
    "generator": start(make_generator()),
    "many objects": [BIG[:10], [[each] for each in range(20_000)]],
    "circle": make_circle(),
    "wide frame": pd.DataFrame(np.ones((100, 10_000))),
    "mixed frame": pd.DataFrame(np.ones((N, 2))).assign(
        text="x", time=pd.Timestamp("NaT")
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_variable_that_shows_all(name: str) -> None:
    """A view is not reported if its variable also shows the whole, or may."""
    assert list(find_small_views({"x": WHOLE[name]}, ShownFinder())) == []


def test_many_references_are_not_searched() -> None:
    """A value is skipped and named if it has more references than can be looked at."""
    finder = ShownFinder()
    numbers = [0] * 1_000_000
    rows = [[list(numbers)] for _ in range(11)]
    assert list(finder.find("rows", rows)) == []
    assert finder.skipped == ["rows"]
