"""Sizes of the variables of a namespace: what is shared, and what all hold."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.measure.sizes import sampling, sizeof, sizes
from jupyter_memkit.measure.sizes.addresses import BATCH, AddressMap
from jupyter_memkit.measure.sizes.distinct import draw_distinct

both = pytest.mark.parametrize("exact", [True, False])

# With so many variables, few objects of each are visited.
MANY = dict.fromkeys(map(str, range(100)), 0)


@both
def test_what_is_shared(exact: bool) -> None:
    """Each variable reports what others also hold, and the sum counts it once."""
    floats = [float(number) for number in range(100)]
    alone = [float(number) for number in range(50)]
    found = sizes({"a": [floats, alone], "b": [floats], "c": 1.5}, exact=exact)
    shared = sizeof(floats).bytes
    assert found["a"].shared_bytes == found["b"].shared_bytes == shared
    assert found["a"].bytes == sizeof([floats, alone]).bytes
    assert found["c"].shared_bytes == 0
    together = sum(size.bytes for size in found.values()) - shared
    assert found.total_bytes == together


@both
def test_three_share(exact: bool) -> None:
    """Memory that three variables hold counts as shared for each, once."""
    floats = [float(number) for number in range(100)]
    found = sizes({name: [floats] for name in "abc"}, exact=exact)
    shared = sizeof(floats).bytes
    assert [size.shared_bytes for size in found.values()] == [shared] * 3
    assert found.total_bytes == shared + 3 * 80


@both
def test_shared_attributes(exact: bool) -> None:
    """The attributes of shared instances count once as well."""

    class Node:
        def __init__(self, number: int) -> None:
            self.number = number

    nodes = [Node(number) for number in range(1000, 1100)]
    found = sizes({"a": nodes, "b": list(nodes)}, exact=exact)
    assert found.total_bytes < found["a"].bytes * 1.2
    assert found["a"].shared_bytes > 0.8 * found["a"].bytes


@pytest.mark.parametrize(
    "make",
    [
        lambda array: (array, array[::2]),
        lambda array: (array, pd.Series(array, copy=False)),
        lambda array: (pa.array(array), pa.array(array).slice(3)),
        lambda array: (pa.array(array), pa.array(array).to_numpy()),
        lambda array: (pl.Series(pa.array(array)), pa.array(array)),
        lambda array: (pl.Series(array), pl.DataFrame({"a": pl.Series(array)})),
    ],
)
def test_shared_buffers(make: Any) -> None:
    """Arrays, tables and frames over the same memory share it, across libraries."""
    first, second = make(np.arange(1_000_000.0))
    if isinstance(second, pl.DataFrame):
        second = first.to_frame()
    found = sizes({"first": first, "second": second})
    assert found["first"].shared_bytes == pytest.approx(8_000_000, rel=0.01)
    assert found.total_bytes == pytest.approx(8_000_000, rel=0.01)


@both
def test_large_containers_are_shared(exact: bool) -> None:
    """Two lists of the same million objects share them, also in an estimate."""
    floats = [float(number) for number in range(300_000)]
    found = sizes({"a": floats, "b": list(floats)}, exact=exact)
    assert found["a"].shared_bytes == pytest.approx(300_000 * 32, rel=0.1)
    assert found.total_bytes == pytest.approx(300_000 * 48, rel=0.1)


@pytest.mark.parametrize(
    "make",
    [
        lambda names: names * 8,
        lambda names: tuple(name for name in names for _ in range(8)),
        lambda names: dict(enumerate(names * 8)),
        lambda names: pd.Series(names * 8, dtype=object),
    ],
)
def test_repeated_elements_are_estimated(make: Callable[[list[str]], Any]) -> None:
    """An element that a container has often counts once, however small the sample."""
    names = [str(number) * 100 for number in range(10_000)]
    values = {"names": names, "often": make(names)}
    exact = sizes(values, exact=True)
    found = sizes({**MANY, **values})
    for name in values:
        error_ratio = found[name].error_ratio
        assert error_ratio
        is_close = partial(pytest.approx, rel=max(0.1, error_ratio))
        assert found[name].bytes == is_close(exact[name].bytes)
        assert found[name].shared_bytes == is_close(exact[name].shared_bytes)


@pytest.mark.parametrize(
    "make",
    [
        lambda names: [(name, [name]) for name in names * 8],
        lambda names: [[name] * 8 for name in names],
    ],
)
def test_repeated_parts_are_estimated(make: Callable[[list[str]], Any]) -> None:
    """What many elements, or one of them several times, refer to counts once."""
    names = [str(number) * 100 for number in range(10_000)]
    others = [[name] * 8 for name in names]
    often = make(names)
    found = sizes({**MANY, "often": often})
    assert found["often"].bytes == pytest.approx(sizeof(often).bytes, rel=0.15)
    del others


def test_large_elements_do_not_look_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elements with one reference are not read again, even if some are large."""
    parts = [bytes(20 if number % 50 else 5_000) for number in range(50_000)]
    monkeypatch.setattr(sampling, "draw_distinct", lambda *_: pytest.fail("read again"))
    assert not sizeof(parts, exact=False).exact


def test_draw_of_distinct_elements() -> None:
    """Each distinct element is as likely to be drawn, and the number is estimated."""
    rare = [object() for _ in range(150_000)]
    batches = [rare[start:] + rare[:1] * BATCH for start in range(0, 150_000, BATCH)]
    ((drawn, weight),) = draw_distinct(batches, 3_000, 0, math.inf) or []
    assert len(set(map(id, drawn))) == len(drawn)
    assert len(drawn) * weight == pytest.approx(150_000, rel=0.03)
    places = {id(each): place for place, each in enumerate(rare)}
    middle = sorted(places[id(each)] for each in drawn)[len(drawn) // 2]
    assert middle == pytest.approx(75_000, rel=0.1)


def test_draw_of_distinct_elements_is_late() -> None:
    """After its deadline, no elements are drawn."""
    assert draw_distinct([[1, 2]], 1, 0, 0.0) is None


def test_the_sum_is_no_more_than_the_process_has() -> None:
    """Whatever is listed, the sum stays below the resident memory."""
    rows = [{"a": number, "b": [number]} for number in range(100_000)]
    namespace = {f"part{number}": rows[number:] for number in range(20)}
    assert sizes(namespace).total_bytes <= read_rss_bytes()


def test_what_belongs_to_the_program() -> None:
    """The walk ends at the objects that are named, and at modules."""
    shell = {"history": [float(number) for number in range(10_000)]}
    found = sizes({"magic": [shell], "module": sys, "modules": sys.modules})
    assert found["magic"].bytes > 100_000
    found = sizes({"magic": [shell]}, program=[shell])
    assert found["magic"].bytes < 200


def test_many_variables() -> None:
    """Ten thousand variables are listed, and unfinished ones are marked."""
    namespace = {f"v{number}": [number, str(number)] for number in range(10_000)}
    # By the clock of the tests, its readings before about half of them are measured.
    found = sizes(namespace, budget_s=1e-5)
    assert len(found) == len(namespace)
    assert found["v0"].exact
    assert not found["v9999"].exact
    assert found["v9999"].error_ratio is None


def test_progress() -> None:
    """The progress function is called with the visited objects."""
    counts: list[int] = []
    sizes({"a": [1.5] * 9, "b": 2}, exact=True, progress=counts.append)
    assert counts == sorted(counts)
    assert counts[-1] == 1 + 9 + 1


def test_main() -> None:
    """Without a namespace the variables of the program are listed."""
    main = sys.modules["__main__"]
    main.measured_here = [1.5] * 10  # type: ignore[attr-defined]
    try:
        found = sizes()
    finally:
        del main.measured_here
    assert found["measured_here"].bytes > 80
    assert not any(name.startswith("_") for name in found)
    assert repr(found).startswith(f"Sizes({len(found)} variables, total=")


@pytest.mark.parametrize("few", [BATCH, 0])
def test_address_map(few: int) -> None:
    """Objects are returned once, by their previous number, whether few or many."""
    numbers = AddressMap(3, few)
    values = [[number] for number in range(100)]
    assert numbers.claim(values + values, 1) == {0: sorted_by_id(values, few)}
    assert numbers.claim(values[:10], 2) == {1: sorted_by_id(values[:10], few)}
    again = numbers.claim([*values[5:15], [None]], 3)
    assert {number: len(group) for number, group in again.items()} == {0: 1, 1: 5, 2: 5}
    assert numbers.claim([], 1) == {}


def sorted_by_id(values: list[Any], few: int) -> list[Any]:
    """Return objects in the order in which a map gives them back."""
    return values if few else sorted(values, key=id)


def test_address_map_goes_over() -> None:
    """The numbers of few objects are kept when they become many."""
    numbers = AddressMap(300, few=1000)
    values = [[number] for number in range(BATCH)]
    numbers.claim(values[:500], 7)
    numbers.claim(values[500:900], 300)
    found = numbers.claim(values, 8)
    assert {number: len(group) for number, group in found.items()} == {
        0: BATCH - 900,
        7: 500,
        300: 400,
    }


def test_a_program_does_not_coarsen_the_samples() -> None:
    """Thousands of imported classes and functions leave data as many objects to visit.

    Of models and pipelines, too few of the parts would be visited.
    """
    rows = [[number] for number in range(500)]
    program: dict[str, Any] = {
        f"Class{number}": type("Class", (), {}) for number in range(1_000)
    }
    program |= {f"function{number}": lambda: None for number in range(1_000)}
    data = dict.fromkeys(program, 1.5)
    assert sizes({"rows": rows, **program})["rows"].exact
    assert not sizes({"rows": rows, **data})["rows"].exact
