"""Sum, minimum and maximum by label."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.results.aligned import MAX, MIN, SUM, Aligned

NAN = math.nan


def combine(operation: Aligned, *values: Any) -> Any:
    """Pass values through an operation."""
    so_far = operation.begin(values[0])
    for value in values[1:]:
        so_far = operation.step(so_far, operation.begin(value))
    return so_far


def groups(**values: Any) -> pd.Series[Any]:
    """Return values by group, as a groupby returns them."""
    return pd.Series(values).rename_axis("cat")


@pytest.mark.parametrize(
    ("operation", "values", "expected"),
    [
        (SUM, (1, 2.5), 3.5),
        (SUM, (Decimal("1.1"), Decimal("2.2")), Decimal("3.3")),
        (SUM, (np.bool_(True), np.bool_(True)), 2),  # noqa: FBT003 - its only form
        (SUM, ({"a": 1}, {"a": 2, "b": 3}), {"a": 3, "b": 3}),
        (SUM, (Counter("aab"), Counter("bc")), Counter(a=2, b=2, c=1)),
        (SUM, (OrderedDict(b=1), OrderedDict(a=2)), OrderedDict(b=1, a=2)),
        (SUM, (defaultdict(int, a=1), defaultdict(int, a=2)), defaultdict(int, a=3)),
        (SUM, (defaultdict(lambda: 0, a=1), defaultdict(lambda: 0, a=2)), {"a": 3}),
        (MIN, (3, 1, 2), 1),
        (MAX, (3, NAN, 5), 5),
        (MIN, (NAN, 2), 2),
        (MIN, ("b", "a"), "a"),
        (MAX, ({"a": 1}, {"a": 0, "b": 3}), {"a": 1, "b": 3}),
    ],
)
def test_numbers_and_mappings(
    operation: Aligned, values: tuple[Any, ...], expected: Any
) -> None:
    """Numbers combine, and dicts of them key by key, to one of their type."""
    combined = combine(operation, *values)
    assert (combined, type(combined)) == (expected, type(expected)) or (
        isinstance(combined, np.generic) and combined == expected
    )


def test_no_groups() -> None:
    """The empty frame that apply returns for a chunk without groups adds nothing."""
    values = [pd.DataFrame({"v": []}), groups(a=2), groups(a=3)]
    for ordered in (values, values[::-1]):
        assert combine(SUM, *ordered).to_dict() == {"a": 5}


def test_default_factories() -> None:
    """A dict of the cell's that fills itself does so in the result, in dicts too."""
    first, last = (defaultdict(Counter, a=Counter(text)) for text in ("xy", "y"))
    summed = SUM.finish(combine(SUM, first, last))
    assert summed["a"] == Counter(x=1, y=2)
    assert summed["b"] == Counter()


def test_arrays() -> None:
    """Arrays combine element by element, wide enough for their sums."""
    small = np.array([200, 1], "uint8")
    assert combine(SUM, small, small).tolist() == [400, 2]
    assert combine(SUM, small == 1, small == 1).tolist() == [0, 2]
    assert combine(MIN, small, small[::-1]).tolist() == [1, 1]
    with pytest.raises(ReduceError, match=r"shapes \(2,\) and \(1,\)"):
        combine(SUM, small, small[:1])


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (SUM, {"a": 1, "b": 7, "c": 4}),
        (MIN, {"a": 1, "b": 2, "c": 4}),
        (MAX, {"a": 1, "b": 5, "c": 4}),
    ],
)
def test_missing_group(operation: Aligned, expected: dict[str, int]) -> None:
    """A group that a chunk does not have is ignored, and integers stay integers."""
    combined = combine(operation, groups(a=1, b=2), groups(b=5, c=4))
    assert combined.to_dict() == expected
    assert (combined.dtype, combined.index.name) == (np.dtype("int64"), "cat")


def test_as_pandas_over_the_whole() -> None:
    """The result over chunks is that of pandas over the whole table."""
    rng = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "cat": rng.choice(list("abcde"), 60),
            "day": rng.integers(0, 3, 60),
            "qty": rng.integers(0, 9, 60),
            "price": np.where(rng.random(60) < 0.2, NAN, rng.integers(0, 9, 60)),
        }
    )
    for operation in (SUM, MIN, MAX):
        for keys in (["cat"], ["cat", "day"]):
            parts = [
                table[start : start + 7].groupby(keys).agg(operation.name)
                for start in range(0, 60, 7)
            ]
            expected = table.groupby(keys).agg(operation.name)
            pd.testing.assert_frame_equal(combine(operation, *parts), expected)


def test_missing_column() -> None:
    """A column that a frame does not have counts as 0 in a sum, and stays integer."""
    first = pd.DataFrame({"x": [1]}, index=["a"])
    second = pd.DataFrame({"x": [2], "y": [3]}, index=["b"])
    combined = combine(SUM, first, second)
    assert combined.to_dict() == {"x": {"a": 1, "b": 2}, "y": {"a": 0, "b": 3}}
    assert set(combined.dtypes) == {np.dtype("int64")}


def test_missing_everywhere() -> None:
    """A group that has no value anywhere is missing in the sum, as in pandas."""
    table = pd.DataFrame({"k": list("aabb"), "g": list("xyxx"), "v": [1.0, 2, 3, 4]})
    tabulate = partial(
        pd.pivot_table, index="k", columns="g", values="v", aggfunc="sum"
    )
    combined = combine(SUM, tabulate(table[:2]), tabulate(table[2:]))
    pd.testing.assert_frame_equal(combined, tabulate(table))


def test_keys_in_columns() -> None:
    """Columns that are keys are labels, even if a chunk does not have some of them."""
    table = pd.DataFrame({"k": [1, 1, 2, 3], "v": [1, 2, 3, 4]})
    by_key = partial(pd.DataFrame.groupby, by="k", as_index=False)
    operation = replace(SUM, keys=("k",))
    combined = operation.finish(
        operation.step(
            operation.begin(by_key(table[:1]).sum()),
            operation.begin(by_key(table[1:]).sum()),
        )
    )
    pd.testing.assert_frame_equal(combined, by_key(table).sum())
    with pytest.raises(ReduceError, match="sum needs the keys k in the frame of every"):
        operation.begin(pd.DataFrame({"v": [1]}))


def test_nothing_among_texts() -> None:
    """The minimum of no rows is NaN, which is ignored, among texts too."""
    assert combine(MIN, NAN, "b", "a", NAN) == "a"


def test_nothing_among_decimals() -> None:
    """A decimal NaN, which Python refuses to compare, is ignored too."""
    nothing = Decimal("nan")
    assert combine(MIN, nothing, Decimal(2), Decimal(1), nothing) == Decimal(1)
    assert combine(MAX, Decimal(1), nothing, Decimal(2)) == Decimal(2)


def test_empty_part() -> None:
    """A chunk without groups changes neither the result nor its type."""
    empty = pd.Series([], dtype="float64")
    for parts in ((groups(a=1), empty), (empty, groups(a=1))):
        combined = combine(SUM, *parts)
        assert (combined.to_dict(), combined.dtype) == ({"a": 1}, np.dtype("int64"))


def test_scalars_of_arrow() -> None:
    """Scalars of pyarrow combine as the values that they hold, alone and in dicts."""
    one, two, none = pa.scalar(1.5), pa.scalar(2.0), pa.scalar(None, "float64")
    assert (combine(SUM, one, two), combine(MIN, two, one)) == (3.5, 1.5)
    assert (combine(MAX, none, one, none, two), combine(MIN, none)) == (2.0, None)
    assert combine(SUM, {"a": one}, {"a": two, "b": one}) == {"a": 3.5, "b": 1.5}
    texts = [pa.scalar(text, pa.large_string()) for text in "bca"]
    assert combine(MAX, *texts) == "c"


@pytest.mark.parametrize(
    "pivot",
    [
        lambda table: pd.crosstab(table.k, table.c),
        lambda table: pd.crosstab(table.k, [table.d, table.c]),
        lambda table: table.pivot_table("v", "k", "c", "sum", fill_value=0),
    ],
)
def test_order_of_columns(pivot: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Columns that are sorted in every chunk are sorted in the result."""
    table = pd.DataFrame({"k": list("xyxy") * 3, "c": list("bbddbaaceadb"), "v": 1})
    table["d"] = table["v"].cumsum() % 2
    parts = [pivot(table[:4]), pivot(table[4:8]), pivot(table[8:])]
    combined = combine(SUM, *parts)
    assert list(combined.columns) == list(pivot(table).columns)
    pd.testing.assert_frame_equal(combined, pivot(table), check_dtype=False)


def test_order_of_counts() -> None:
    """Labels that are not sorted keep their order of appearance."""
    first, second = pd.Series({"b": 3, "a": 1}), pd.Series({"c": 2, "b": 1})
    assert list(combine(SUM, first, second).items()) == [("b", 4), ("a", 1), ("c", 2)]


@pytest.mark.parametrize(
    ("operation", "values", "sentence"),
    [
        (SUM, (None,), r"sum does not support NoneType; .*with 0 for no values"),
        (SUM, (pa.scalar(None, "int64"),), "sum does not support NoneType"),
        (SUM, ("text",), "sum does not support str"),
        (SUM, ([1],), "sum does not support list"),
        (SUM, (pl.Series([1]),), "sum does not support Series"),
        (SUM, (pd.DataFrame({"cat": ["a"]}),), "sum cannot add the text in 'cat'"),
        (SUM, (1, np.ones(1)), "sum got ndarray after int"),
        (MIN, (1, 1j), "min cannot combine int and complex"),
    ],
)
def test_unfit_values(
    operation: Aligned, values: tuple[Any, ...], sentence: str
) -> None:
    """A value without a sum, or of another type than before, is rejected."""
    with pytest.raises(ReduceError, match=sentence):
        combine(operation, *values)


@pytest.mark.parametrize("freq", ["h", "D", "W", "MS"])
@pytest.mark.parametrize("operation", [SUM, MIN, MAX])
def test_bins_between_chunks(operation: Aligned, freq: str) -> None:
    """Time bins in which no chunk has a row are in the result, as over the whole."""
    chunks = [
        pd.Series(range(50), pd.date_range(start, periods=50, freq="h", name="t"))
        for start in ("2024-01-30", "2024-02-20")
    ]
    parts = [getattr(chunk.resample(freq), operation.name)() for chunk in chunks]
    whole = getattr(pd.concat(chunks).resample(freq), operation.name)()
    pd.testing.assert_series_equal(combine(operation, *parts), whole)
    frames = [part.to_frame("v") for part in parts]
    pd.testing.assert_frame_equal(combine(operation, *frames), whole.to_frame("v"))


def test_bins_that_do_not_meet() -> None:
    """Time bins that start at other times in each chunk are rejected, with a remedy."""
    chunks = [
        pd.Series(1, pd.date_range(start, periods=30, freq="h"))
        for start in ("2024-01-01", "2024-01-04")
    ]
    with pytest.raises(ReduceError, match="origin='epoch'"):
        combine(SUM, *(chunk.resample("5h").sum() for chunk in chunks))
    parts = [chunk.resample("5h", origin="epoch").sum() for chunk in chunks]
    whole = pd.concat(chunks).resample("5h", origin="epoch").sum()
    pd.testing.assert_series_equal(combine(SUM, *parts), whole)


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize("value", [7, 1.5, "x", pd.Timestamp("2020-01-01")])
def test_extremes_ignore_chunks_without_values(missing: Any, value: Any) -> None:
    """The extreme of a chunk whose values are all missing does not count."""
    for operation in (MIN, MAX):
        for values in ([missing, value], [value, missing], [missing, value, missing]):
            assert combine(operation, *values) == value
        assert combine(operation, missing, missing) is missing


@pytest.mark.parametrize("seed", range(20))
def test_counts_keep_their_order(seed: int) -> None:
    """The counts of values are sorted as over the whole, in an index or a column."""
    column = pd.Series(np.random.default_rng(seed).integers(0, 9, 200)) ** 2
    chunks = [column[start : start + 50] for start in range(0, 200, 50)]
    counts = combine(SUM, *(chunk.value_counts() for chunk in chunks))
    expected = column.value_counts()
    assert counts.tolist() == expected.tolist()
    assert counts.to_dict() == expected.to_dict()


@pytest.mark.parametrize("operation", [SUM, MIN, MAX])
def test_masked_values_are_of_no_rows(operation: Aligned) -> None:
    """What is masked in some chunks is ignored, as in one masked array of all rows."""
    rows = np.ma.masked_less([[1.0, 5.0, 0.0], [0.0, 7.0, 0.0], [3.0, 0.0, 0.0]], 1)

    def compute(part: Any, axis: int | None = None) -> Any:
        return getattr(part, operation.name)(axis=axis)

    combined = combine(operation, compute(rows[:1], 0), compute(rows[1:], 0))
    assert combined.tolist() == compute(rows, 0).tolist()
    columns = rows[:, 2], rows[:, 1], rows[:, 2]
    assert combine(operation, *map(compute, columns)) == compute(rows[:, 1:])
    assert combine(operation, np.ma.masked, np.ma.masked) is np.ma.masked


def test_objects_stay_labels() -> None:
    """Labels that are objects over the whole are objects when they are combined."""
    values = pd.Series(["a", "b", "a", "a", "c", "a"], dtype=object)
    combined = combine(SUM, values[:3].value_counts(), values[3:].value_counts())
    assert combined.index.dtype == values.value_counts().index.dtype
