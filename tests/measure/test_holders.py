"""What keeps an object alive, as a path from a name to it."""

from __future__ import annotations

import gc
import math
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.measure.chains import write_chain
from jupyter_memkit.measure.holder_search import Root, Search
from jupyter_memkit.measure.holders import holders
from jupyter_memkit.measure.sizes.addresses import AddressMap

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]


class Job:
    """An object with an attribute."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame


class Slotted:
    """An object with a slot."""

    __slots__ = ("frame", "unset")

    def __init__(self, frame: Any) -> None:
        self.frame = frame


class Pair(NamedTuple):
    """A named tuple."""

    first: Any
    second: Any


@pytest.fixture
def main() -> Iterator[dict[str, Any]]:
    """The namespace of the program, restored afterwards."""
    namespace = vars(sys.modules["__main__"])
    before = set(namespace)
    yield namespace
    for name in set(namespace) - before:
        del namespace[name]


def ways(value: Any) -> list[str]:
    """Return the paths to an object."""
    return [chain.text for chain in holders(value).chains]


def make_closure(value: Any) -> Any:
    """Return a function that holds a value."""
    return lambda: value


def generate(value: Any) -> Generator[Any]:
    """Hold a value."""
    yield 1
    yield value


# Each makes something that holds a value, with the path from its name.
WAYS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda value: value, ""),
    (lambda value: [0, {"a": (1, value)}], "[1]['a'][1]"),
    (Job, ".frame"),
    (Slotted, ".frame"),
    (lambda value: SimpleNamespace(deep=Job(value)), ".deep.frame"),
    (lambda value: Pair(1, value), "[1]"),
    (lambda value: deque([1, value]), "[1]"),
    (lambda value: {("a", 1): value}, "[<tuple>]"),
    (make_closure, ".__closure__[0]"),
    (lambda value: value.append, ".__self__"),
    (lambda value: np.array([1, value, "x"], dtype=object), "[1]"),
    (lambda value: np.array([1, value, 0], dtype=object)[:2], ".base[1]"),
]


def test_ways(main: dict[str, Any]) -> None:
    """A path is written as Python code where possible."""
    value: list[Any] = [1.5]
    for number, (make, _) in enumerate(WAYS):
        main[f"held_{number}"] = make(value)
    found = holders(value, most=len(WAYS) + 1)
    expected = {f"held_{number}{way}" for number, (_, way) in enumerate(WAYS)}
    assert {chain.text for chain in found.chains} == expected


def test_generators(main: dict[str, Any]) -> None:
    """A generator is named by its function."""
    value = [1.5]
    generator = generate(value)
    next(generator)
    main["held_x"] = generator
    assert ways(value) == ["held_x → generator generate"]


def test_several_ways(main: dict[str, Any]) -> None:
    """Each holder has its own path, the shortest first."""
    value = [1.5]
    main |= {"held_x": {"deep": [[value]]}, "held_y": value}
    assert ways(value) == ["held_y", "held_x['deep'][0][0]"]
    found = holders(value, most=1)
    assert ([chain.text for chain in found.chains], found.more) == (["held_y"], 1)
    assert found.complete


def test_bases_of_views(main: dict[str, Any]) -> None:
    """The base of a view is held by the view."""
    base = np.ones((10, 10))
    main["held_x"] = base[1]
    assert ways(base) == ["held_x.base"]


def test_inside_a_frame(main: dict[str, Any]) -> None:
    """The parts of a frame are reached through it."""
    frame = pd.DataFrame({"a": [1.5, 2.5]})
    main["held_x"] = frame
    (way,) = ways(frame._mgr)
    assert way == "held_x._mgr"


def test_modules_and_classes(main: dict[str, Any]) -> None:
    """Objects in a module or a class are named after it."""
    value = [1.5]
    np.held_here = value  # type: ignore[attr-defined]
    Job.held_here = value  # type: ignore[attr-defined]
    main["held_x"] = Job
    try:
        assert sorted(ways(value)) == ["held_x.held_here", "numpy.held_here"]
    finally:
        del np.held_here  # type: ignore[attr-defined]
        del Job.held_here  # type: ignore[attr-defined]


def test_classes_of_instances(main: dict[str, Any]) -> None:
    """What a class holds is named by its module, not by one of the instances."""
    value = [1.5]
    Job.held_here = value  # type: ignore[attr-defined]
    main["held_x"] = Job(0)
    try:
        assert ways(value) == [f"{__name__}.Job.held_here"]
    finally:
        del Job.held_here  # type: ignore[attr-defined]


def test_circles_have_no_name() -> None:
    """An object held only by a reference cycle or a running function has no path."""
    value: list[Any] = [1.5]
    value.append(value)
    assert holders(value).chains == ()


def test_threads() -> None:
    """Objects of another thread are held by it."""
    value = [1.5]
    started, ended = threading.Event(), threading.Event()

    def work(held: Any) -> None:
        started.set()
        ended.wait()
        held.clear()

    thread = threading.Thread(target=work, args=(value,), name="worker-7")
    thread.start()
    started.wait()
    try:
        assert "the thread worker-7, work().held" in ways(value)
    finally:
        ended.set()
        thread.join()


def test_two_ways_through_one_object(main: dict[str, Any]) -> None:
    """Describing one path does not lose the next, which shares a part of it."""

    class Box:
        """An object with attributes."""

    value = [1.5]
    main["held_x"] = box = Box()
    box.first = [value]  # type: ignore[attr-defined] # as users do
    box.second = [value]  # type: ignore[attr-defined] # as above
    assert {"held_x.first[0]", "held_x.second[0]"} <= set(ways(value))


def test_many_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the objects of a thousand kinds refer to is looked up in a few calls."""
    looked_up: list[int] = []
    claim = AddressMap.claim

    def record(
        self: AddressMap, objects: list[Any], number: int
    ) -> dict[int, list[Any]]:
        looked_up.append(len(objects))
        return claim(self, objects, number)

    monkeypatch.setattr(AddressMap, "claim", record)
    target = [1.5]
    values = [type(f"Kind{number}", (), {})() for number in range(1000)]
    for value in values:
        value.kept = [target]
    search = Search([target], math.inf)
    search.run([Root("values", values, "variable")])
    assert search.n_found == 1000
    assert len(looked_up) < 100


def test_budget() -> None:
    """The result says if the time limit was reached."""
    assert not holders([1.5], budget_s=0.0).complete


def test_the_search_holds_nothing(main: dict[str, Any]) -> None:
    """After a search the object has as many references as before."""
    value = [1.5]
    main["held_x"] = [value]
    before = sys.getrefcount(value)
    holders(value)
    gc.collect()
    assert sys.getrefcount(value) == before


@pytest.mark.parametrize(
    ("make", "way"),
    [
        (lambda inner: {"x" * 100: inner}, "a['" + "x" * 39 + "…]"),
        (lambda inner: {inner: 1}, "a → a key"),
        (lambda inner: {inner}, "a → tuple"),
    ],
)
def test_steps(make: Any, way: str) -> None:
    """Long keys are truncated, and steps that cannot be written are arrows."""
    inner = (1.5,)
    assert write_chain("a", [make(inner), inner]) == way
