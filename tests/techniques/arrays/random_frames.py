"""Random frames, and bitwise comparison of two."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

_INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]

_ODD = (None, 1, 2.5, "text", b"bytes", True, decimal.Decimal("1.50"), (1, 2), pd.NA)


def _integers(draw: st.DrawFn, n_rows: int) -> Any:
    dtype: Any = np.dtype(draw(st.sampled_from(_INTEGERS)))
    ends = np.iinfo(dtype)
    most = min(ends.max, 2 ** draw(st.integers(0, 64)))
    values = st.integers(max(ends.min, -most), most)
    return np.array(draw(_lists(values, n_rows)), dtype)


def _floats(draw: st.DrawFn, n_rows: int) -> Any:
    width: Any = draw(st.sampled_from([16, 32, 64]))
    values = draw(_lists(st.floats(width=width), n_rows))
    return np.array(
        values, "f8" if width == 64 else draw(st.sampled_from(["f4", "f8"]))
    )


def _bits(draw: st.DrawFn, n_rows: int) -> Any:
    """Floats with random bits, including NaNs with payloads."""
    bits = st.one_of(
        st.integers(0, 2**64 - 1), st.sampled_from([0x7FF8 << 48, 1 << 63])
    )
    return np.array(draw(_lists(bits, n_rows)), "u8").view("f8")


def _complex(draw: st.DrawFn, n_rows: int) -> Any:
    return np.array(draw(_lists(st.complex_numbers(), n_rows)), "c16")


def _nullable(draw: st.DrawFn, n_rows: int) -> Any:
    values = draw(_lists(st.none() | st.integers(-300, 70_000), n_rows))
    return pd.array(values, dtype="Int64")


def _nullable_floats(draw: st.DrawFn, n_rows: int) -> Any:
    numbers = st.floats(width=32, allow_nan=False)
    return pd.array(draw(_lists(st.none() | numbers, n_rows)), dtype="Float64")


def _texts(draw: st.DrawFn, n_rows: int) -> Any:
    texts = st.sampled_from(["", "a", "ä", "\0", "long " * 10]) | st.text(max_size=5)
    values = draw(_lists(texts | st.none(), n_rows))
    dtype: Any = draw(st.sampled_from(["str", "string", "object"]))
    if dtype == "object":
        return np.array([*values, None], dtype=object)[:-1]
    kept = [
        each if each is None else each.encode("utf-8", "ignore").decode()
        for each in values
    ]
    return pd.array(kept, dtype=dtype)


def _objects(draw: st.DrawFn, n_rows: int) -> Any:
    kinds: list[st.SearchStrategy[Any]] = [
        st.integers(),
        st.integers(0, 5),
        st.booleans(),
        st.floats(),
        st.floats(width=32),
        st.datetimes(),
        st.dates(),
        st.sampled_from(_ODD),
    ]
    values = draw(st.sampled_from(kinds))
    if draw(st.booleans()):
        missing = draw(st.sampled_from([None, float("nan"), pd.NA, pd.NaT]))
        values = values | st.just(missing)
    boxed = np.empty(n_rows, dtype=object)
    for number, value in enumerate(draw(_lists(values, n_rows))):
        boxed[number] = value
    return boxed


def _times(draw: st.DrawFn, n_rows: int) -> Any:
    ends = (dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))  # noqa: DTZ001 - naive on purpose
    values = draw(_lists(st.datetimes(*ends) | st.just(pd.NaT), n_rows))
    times = pd.array(values, dtype="datetime64[ns]")
    return draw(st.sampled_from([times, times.tz_localize("UTC"), times - times]))


def _others(draw: st.DrawFn, n_rows: int) -> Any:
    values = draw(_lists(st.integers(0, 3), n_rows))
    kind = draw(st.sampled_from(["category", "period", "interval", "bool", "sparse"]))
    if kind == "category":
        return pd.Categorical(values)
    if kind == "period":
        return pd.period_range("2020", periods=n_rows, freq="D").array
    if kind == "interval":
        return pd.arrays.IntervalArray.from_arrays(values, [v + 1 for v in values])
    if kind == "sparse":
        return pd.arrays.SparseArray(values, fill_value=0)
    return np.array(values, bool)


_COLUMNS: tuple[Callable[[st.DrawFn, int], Any], ...] = (
    *(_integers, _floats, _bits, _complex, _nullable, _nullable_floats),
    *(_texts, _objects, _times, _others),
)


def _lists(values: st.SearchStrategy[Any], n_rows: int) -> st.SearchStrategy[Any]:
    return st.lists(values, min_size=n_rows, max_size=n_rows)


@st.composite
def frames(draw: st.DrawFn) -> Any:
    """Draw a frame with a few rows and columns of all kinds."""
    n_rows = draw(st.integers(0, 8))
    makers = draw(st.lists(st.sampled_from(_COLUMNS), max_size=5))
    columns = {number: make(draw, n_rows) for number, make in enumerate(makers)}
    index: Any = draw(
        st.sampled_from(
            [
                pd.RangeIndex(n_rows),
                pd.Index(["same"] * n_rows),
                pd.MultiIndex.from_product([["a", "b"], range(4)])[:n_rows],
            ]
        )
    )
    frame: Any = pd.DataFrame(
        {number: pd.Series(each, index=index) for number, each in columns.items()},
        index=index,
    )
    frame.columns = draw(
        st.sampled_from(
            [
                pd.Index([f"column {number}" for number in columns], dtype=object),
                pd.Index(["twice"] * len(columns), dtype=object),
                pd.MultiIndex.from_tuples([(1, number) for number in columns])
                if columns
                else pd.Index([], dtype=object),
            ]
        )
    )
    frame.attrs = {"source": "hypothesis"}
    return frame


def assert_same(before: pd.DataFrame, after: pd.DataFrame) -> None:
    """Raise unless two frames differ only in their dtypes."""
    assert type(after) is type(before)
    assert after.attrs == before.attrs
    pd.testing.assert_index_equal(before.index, after.index)
    pd.testing.assert_index_equal(before.columns, after.columns)
    for number in range(before.shape[1]):
        was, now = before.iloc[:, number], after.iloc[:, number]
        assert _is_same(was, now), (was.dtype, list(was), now.dtype, list(now))


def assert_identical(before: pd.DataFrame, after: pd.DataFrame) -> None:
    """Raise unless two frames are the same, dtypes and types of objects included."""
    assert_same(before, after)
    assert list(before.dtypes) == list(after.dtypes)
    for number in range(before.shape[1]):
        was, now = before.iloc[:, number], after.iloc[:, number]
        if was.dtype == object:
            assert list(map(type, was)) == list(map(type, now))


def _is_same(was: Any, now: Any) -> bool:
    if was.dtype == object:
        return len(was) == len(now) and all(map(_is_equal, was, now))
    back = now.astype(was.dtype)
    if isinstance(was.dtype, np.dtype) and was.dtype.kind in "fc":
        return bool(was.to_numpy().tobytes() == back.to_numpy().tobytes())
    return bool(
        was.array.equals(back.array)
        if hasattr(was.array, "equals")
        else was.equals(back)
    )


def _is_equal(was: Any, now: Any) -> bool:
    if was is None or was is pd.NA or was is pd.NaT or was != was:  # noqa: PLR0124 - NaN
        return bool(pd.isna(now))
    same: bool = bool(was == now) and isinstance(was, bool) == isinstance(
        now, (bool, np.bool_)
    )
    return same and (was != 0 or str(was).strip("-") == str(was) or str(now)[:1] == "-")
