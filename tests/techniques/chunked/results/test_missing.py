"""A missing value is one key and one item, however many chunks have it."""

from __future__ import annotations

import math
import pickle
from collections import Counter, namedtuple
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.results.combine import (
    Reduction,
    find_operation,
)

# Functions, because it matters that each chunk has an object of its own; with the text
# of the key in the result.
MISSING: list[tuple[Callable[[], Any], str]] = [
    (lambda: float("nan"), "nan"),
    (lambda: np.float64("nan"), "nan"),
    (lambda: np.float32("nan"), "nan"),
    (lambda: np.longdouble("nan"), "nan"),
    (lambda: complex(math.nan, 1), "nan"),
    (lambda: Decimal("nan"), "nan"),
    (lambda: np.datetime64("NaT", "ns"), "datetime64('NaT'"),
    (lambda: np.timedelta64("NaT", "s"), "timedelta64('NaT'"),
    (lambda: pd.NaT, "NaT"),
    (lambda: pd.NA, "<NA>"),
    (lambda: None, "None"),
]

Pair = namedtuple("Pair", ["one", "other"])  # noqa: PYI024 - as pandas makes them

PLACES: list[Callable[[Any], Any]] = [
    lambda key: key,
    lambda key: (key, 0),
    lambda key: ("a", (key, 1), key),
    lambda key: Pair(0, key),
    lambda key: (frozenset({key, "b"}),),
]


def combine(op: str, *values: Any) -> Any:
    """Return the reduction of values in parts of two, as workers send them."""
    operation = find_operation(op)
    whole = Reduction(operation)
    for start in range(0, len(values), 2):
        part = Reduction(operation)
        for value in values[start : start + 2]:
            part.add(value)
        whole.add_part(pickle.loads(pickle.dumps(part.part)))
        saved = pickle.loads(pickle.dumps(whole.part))
        whole = Reduction(operation)
        whole.add_part(saved)
    return whole.result()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("missing", "text"), MISSING)
def test_one_entry(
    missing: Callable[[], Any], text: str, place: Callable[[Any], Any]
) -> None:
    """In sums, extremes, merges and unions it occurs once, in any number of parts."""
    values = [{place(missing()): number, "x": 1} for number in (3, 1, 2, 5)]
    expected = {"sum": [11, 4], "min": [1, 1], "max": [5, 1], "merge": [5, 1]}
    for op, items in expected.items():
        combined = combine(op, *values)
        assert list(combined.values()) == items
        key, other = combined
        assert (text in repr(key), other) == (True, "x")
        if isinstance(place(0), tuple):
            assert type(key) is type(place(0))
    for op in ("sum", "merge"):
        combined = combine(op, *map(Counter, values))
        assert (sorted(combined.values()), type(combined)) == ([4, 11], Counter)
    united = combine("union", *map(set, values))
    assert sorted(text in repr(item) for item in united) == [False, True]


def test_kinds_stay_apart() -> None:
    """None, NaN, and the missing times and durations are different keys."""
    kinds = [
        None,
        math.nan,
        np.datetime64("NaT", "ns"),
        np.timedelta64("NaT", "ns"),
        pd.NaT,
    ]
    sums = combine("sum", *[dict.fromkeys(kinds, 1)] * 3)
    assert list(map(repr, sums)) == list(map(repr, [None, np.nan, *kinds[2:]]))
    assert set(sums.values()) == {3}


def test_several_in_one_chunk() -> None:
    """Keys that are all NaN become one in the chunk already."""
    labels = np.array([1.0, math.nan, math.nan])
    assert combine("sum", Counter(labels)) == {1.0: 1, np.nan: 2}
    assert combine("merge", Counter(labels), Counter(labels)) == {1.0: 2, np.nan: 4}
    pairs = dict(zip(labels, [3, 5, 4], strict=True))
    assert combine("min", pairs) == {1.0: 3, np.nan: 4}
    assert combine("merge", pairs) == {1.0: 3, np.nan: 4}


def test_nested_dicts() -> None:
    """The keys of dicts in dicts are the same too."""
    sums = combine("sum", *[{"a": {float("nan"): 1}} for _ in range(3)])
    assert sums == {"a": {np.nan: 3}}


def test_the_users_keys_stay() -> None:
    """A key with nothing missing is the same object, and no value is changed."""
    key = ("a", (1.5, frozenset({2})))
    value = {key: 1, math.nan: 2}
    (first, _) = combine_here("sum", value, value)
    assert first is key
    assert list(value) == [key, math.nan]


def combine_here(op: str, *values: Any) -> Any:
    """Return the reduction of values in this process."""
    reduction = Reduction(find_operation(op))
    for value in values:
        reduction.add(value)
    return reduction.result()


class Point(tuple[float, float]):
    """A type of the user's."""

    __slots__ = ()


def test_the_users_types_stay() -> None:
    """Keys of a type whose constructor is not known stay as they are."""
    point = Point((math.nan, 1.0))
    assert combine_here("union", [point], [point]) == {point}
    assert type(next(iter(combine_here("sum", {point: 1})))) is Point


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Write a table whose labels are missing in some rows, at first in none."""
    rows = np.arange(3_000)
    missing = (rows % 3 == 0) & (rows > 900)
    table = pd.DataFrame(
        {
            "f": np.where(missing, np.nan, 1.0),
            "k": pd.Series("a", rows, dtype=object).mask(missing, None),
            "g": rows % 2,
        }
    )
    table.to_parquet(tmp_path / "orders.parquet")
    return tmp_path / "orders.parquet"


def _count(chunk: Any) -> dict[Any, int]:
    counts: dict[Any, int] = chunk.groupby(["f", "g"], dropna=False).size().to_dict()
    return counts


def _list_pairs(chunk: Any) -> list[Any]:
    return list(chunk[["f", "g"]].itertuples(index=False, name=None))


def _count_labels(chunk: Any) -> Counter[Any]:
    return Counter(chunk.f)


@pytest.mark.parametrize("options", [{}, {"workers": 2}])
def test_over_chunks(orders: Path, options: dict[str, Any]) -> None:
    """Here and in other processes, the labels are those over the whole."""
    whole = pd.read_parquet(orders)
    chunks = chunked(orders, rows=250)
    sums = chunks.map(_count).run("sum", **options).value
    assert sorted(map(str, sums.items())) == sorted(map(str, _count(whole).items()))
    assert len(chunks.map(_list_pairs).run("union", **options).value) == 4
    counts = chunks.map(_count_labels).run("merge", **options).value
    assert counts == {1.0: whole.f.count(), np.nan: whole.f.isna().sum()}


def test_resume(orders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ended early resumes with the same labels."""
    monkeypatch.setattr(
        "jupyter_memkit.techniques.chunked.checkpoint._AT_MOST_EVERY_S", 0.0
    )
    seen: list[int] = []

    def fail_once(chunk: Any) -> Any:
        seen.append(len(chunk))
        if len(seen) == 9:
            raise ZeroDivisionError
        return _count(chunk)

    job = chunked(orders, rows=250).map(fail_once)
    with pytest.raises(ZeroDivisionError):
        job.run("sum", resume=tmp_path / "progress")
    got = job.run("sum", resume=tmp_path / "progress")
    assert got.resumed_rows > 0
    expected = _count(pd.read_parquet(orders))
    assert sorted(map(str, got.value.items())) == sorted(map(str, expected.items()))


def test_look_up() -> None:
    """The missing key is the NaN that pandas has, and can be looked up."""
    parts = [pd.Series([1.0, None]).value_counts(dropna=False) for _ in range(3)]
    assert combine("sum", *(part.to_dict() for part in parts))[np.nan] == 3
    merged = combine("merge", *(Counter(part.index) for part in parts))
    assert merged[np.nan] == 3
