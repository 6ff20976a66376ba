"""The reductions, by name."""

from __future__ import annotations

import pickle
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.results.combine import (
    OPERATIONS,
    Reduction,
    find_operation,
)


def combine(op: Any, *values: Any) -> Any:
    """Pass values through a reduction."""
    reduction = Reduction(find_operation(op))
    for value in values:
        reduction.add(value)
    return reduction.result()


@pytest.mark.parametrize(
    ("op", "values", "expected"),
    [
        ("count", ([1, 2], (), {"a": 1}), 3),
        ("append", (1, None, "x"), [1, None, "x"]),
        ("union", ({1, 2}, [2, 3], np.array([4])), {1, 2, 3, 4}),
        ("merge", ({"a": 1, "b": 1}, {"b": 2}), {"a": 1, "b": 2}),
        ("merge", (Counter("aab"), Counter("b")), Counter(a=2, b=2)),
        ("merge", (defaultdict(int, a=1), {"b": 2}), defaultdict(int, a=1, b=2)),
        ("concat", ([1], [2, 3]), [1, 2, 3]),
        (max, (1, 5, 3), 5),
    ],
)
def test_results(op: Any, values: tuple[Any, ...], expected: Any) -> None:
    """Each reduction combines the values into its result, in order."""
    result = combine(op, *values)
    assert (result, type(result)) == (expected, type(expected))


def test_concat_of_arrow() -> None:
    """Tables and arrays of pyarrow are joined, also where one has only nulls."""
    tables = [pa.table({"a": values}) for values in ([1, None], [None], [2])]
    joined = combine("concat", *tables)
    assert joined.equals(pa.table({"a": [1, None, None, 2]}))
    arrays = [pa.chunked_array([[1, None]]), pa.chunked_array([[2]])]
    assert combine("concat", *arrays).to_pylist() == [1, None, 2]
    with pytest.raises(ReduceError, match="the same columns and types"):
        combine("concat", tables[0], pa.table({"a": ["x"]}))


def test_union_with_missing_values() -> None:
    """NaN occurs once in a union, whatever its source, and times stay times."""
    nan = float("nan")
    values = (np.array([1.5, nan]), pd.Series([nan, 2.5]), {Decimal("nan"), nan})
    assert len(combine("union", *values)) == 3
    part = pickle.loads(pickle.dumps(find_operation("union").begin([nan])))
    assert (
        len(find_operation("union").join(part, find_operation("union").begin([nan])))
        == 1
    )
    times = pd.Series([pd.Timestamp("2024-01-01"), pd.NaT])
    assert combine("union", times, times.to_numpy()) == {times[0], pd.NaT}


def test_union_keeps_items() -> None:
    """The items of a list keep their types, whatever they would be in an array."""
    items = combine("union", [1, None, 2**63], [2.5, -1], [True])
    assert sorted(map(repr, items)) == ["-1", "1", "2.5", "9223372036854775808", "None"]
    column = pa.chunked_array([["x"], ["y", None]])
    assert combine("union", column, column.combine_chunks()) == {"x", "y", None}


@pytest.mark.parametrize(
    ("op", "values"),
    [
        ("sum", (pd.DataFrame({"t": pd.to_datetime(["2024"])}),) * 2),
        ("sum", (pd.Series([1, 2, 3]), pd.Series([1, 2]))),
        ("min", (pd.Series([1], ["a"]), pd.Series(["b"], ["a"]))),
        ("max", (pd.DataFrame({"a": [{}]}, [5]), pd.DataFrame({"a": [[]]}, [5]))),
        ("concat", (pl.DataFrame({"a": [1]}), pl.DataFrame({"b": [1]}))),
        ("concat", (pl.DataFrame({"a": [1]}), pl.DataFrame({"a": ["x"]}))),
    ],
)
def test_rejected_in_one_sentence(op: str, values: tuple[Any, ...]) -> None:
    """Values that a library cannot combine are rejected in one sentence."""
    with pytest.raises(ReduceError, match=r"use append|aligns by the index"):
        combine(op, *values)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_union_of_frames_is_rejected(kind: Any) -> None:
    """The items of a frame are its columns, whose union nobody means."""
    frame = kind({"a": [1, 2]})
    with pytest.raises(ReduceError, match="end the cell with its rows in a set"):
        combine("union", frame, frame)


@pytest.mark.parametrize("op", OPERATIONS)
def test_no_values(op: str) -> None:
    """A reduction without values has no result."""
    assert combine(op) is None


def test_concat_joins_frames_and_arrays() -> None:
    """Frames keep their labels; arrays join along the first axis."""
    joined = combine("concat", pd.Series([1], [0]), pd.Series([2], [5]))
    assert joined.to_dict() == {0: 1, 5: 2}
    assert combine("concat", np.ones((1, 2)), np.zeros((2, 2))).shape == (3, 2)
    assert combine("concat", pl.Series([1]), pl.Series([2])).to_list() == [1, 2]


def test_concat_numbers_rows_throughout() -> None:
    """Rows that are only numbered within each chunk get the numbers of the whole."""
    table = pd.DataFrame({"k": [1, 2, 1, 3, 2], "v": range(5)})
    names = pd.DataFrame({"k": [1, 2, 3], "name": ["a", "b", "c"]})
    parts = [table[:2], table[2:4], table[4:]]
    joined = combine("concat", *(part.merge(names, on="k") for part in parts))
    pd.testing.assert_frame_equal(joined, table.merge(names, on="k"))
    # Those of the chunks themselves are so already.
    assert combine("concat", *parts).index.tolist() == [0, 1, 2, 3, 4]
    named = [part.v.reset_index(drop=True).rename_axis("n") for part in parts]
    assert combine("concat", *named).index.tolist() == [0, 1, 0, 1, 0]


def test_users_values_stay() -> None:
    """No reduction changes the values that it gets."""
    cases: list[tuple[str, Any, Any]] = [
        ("union", {1}, {2}),
        ("merge", {"a": 1}, {"b": 2}),
        ("merge", Counter("a"), Counter("a")),
        ("sum", {"a": 1}, {"a": 2}),
    ]
    for op, first, second in cases:
        before = first.copy()
        combine(op, first, second)
        assert first == before


def test_unknown_name() -> None:
    """An unknown reduction is answered with the known ones."""
    with pytest.raises(MemkitError) as raised:
        find_operation("nonsense")
    assert str(raised.value) == (
        "there is no reduction 'nonsense'; use one of sum, min, max, count, concat, "
        "append, union, merge, or a function of the result so far and the next value"
    )


@pytest.mark.parametrize(
    ("op", "values", "sentence"),
    [
        ("count", (5,), "count adds up lengths, but int has none"),
        ("union", (5,), "union needs sets, lists or arrays, not int"),
        ("union", ("text",), "union needs sets, lists or arrays, not str"),
        ("union", ({"a": {1, 2}},), "union needs sets, lists or arrays, not dict"),
        ("union", ([[1]],), "union needs items that can be in a set"),
        ("merge", ([1],), "merge needs dicts or partial statistics, not list"),
        ("concat", (5,), "not int; use append"),
        ("concat", ([1], (1,)), "concat cannot join tuple to list"),
        (
            "concat",
            (np.ones((1, 2)), np.ones((1, 3))),
            r"cannot join ndarray of shape \(1, 3\) to ndarray of shape \(1, 2\)",
        ),
    ],
)
def test_unfit_values(op: str, values: tuple[Any, ...], sentence: str) -> None:
    """A value that does not fit is rejected, with the values that would."""
    with pytest.raises(ReduceError, match=sentence):
        combine(op, *values)


def test_unfit_value_changes_nothing() -> None:
    """A rejected value leaves the result of the values before it unchanged."""
    for op, value in [("sum", 3), ("concat", [3]), ("append", 3), ("union", {3})]:
        reduction = Reduction(find_operation(op))
        reduction.add(value)
        expected = reduction.result()
        if op != "append":
            with pytest.raises(ReduceError):
                reduction.add(None)
        assert reduction.result() == expected
