"""Sums of values that were shrunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from jupyter_memkit.techniques.arrays.shrink import shrink

ROWS = 1000
SPLITS = {"group": np.arange(ROWS) % 2}


def numpy_sums(values: Any) -> Iterator[Any]:
    """Add in numpy: all, in groups, and up to each."""
    small = shrink(values)
    yield small.sum(), np.nansum(small)
    yield [small[SPLITS["group"] == each].sum() for each in (0, 1)]
    yield small.cumsum()[-1]


def pandas_sums(values: Any) -> Iterator[Any]:
    """Add in pandas: all, in groups, up to each, and in a window."""
    frame = shrink(pd.DataFrame({"x": values, **SPLITS}))
    small = frame["x"]
    yield small.sum(), frame.sum()["x"], small.agg("sum")
    yield frame.groupby("group")["x"].sum().tolist()
    yield small.cumsum().iloc[-1]
    yield small.rolling(ROWS).sum().iloc[-1]


def nullable_sums(values: Any) -> Iterator[Any]:
    """Add in pandas with nullable integers."""
    kind = {"i": "Int64", "u": "UInt64"}[values.dtype.kind]
    return pandas_sums(pd.array(values, dtype=kind))


def polars_sums(values: Any) -> Iterator[Any]:
    """Add in polars: all, in groups, up to each, and in a window."""
    frame = shrink(pl.DataFrame({"x": values, **SPLITS}))
    small = frame["x"]
    yield small.sum(), frame.sum()["x"][0]
    yield frame.group_by("group").agg(pl.sum("x")).sort("group")["x"].to_list()
    yield small.cum_sum()[-1]
    yield small.rolling_sum(ROWS)[-1]


def arrow_sums(values: Any) -> Iterator[Any]:
    """Add in pyarrow: all, and in groups."""
    table = shrink(pa.table({"x": values, **SPLITS}))
    small = table["x"]
    yield [pc.sum(small).as_py()]
    grouped = table.group_by("group").aggregate([("x", "sum")]).sort_by("group")
    yield grouped["x_sum"].to_pylist()


def arrow_pandas_sums(values: Any) -> Iterator[Any]:
    """Add in pandas with columns of Arrow."""
    frame = shrink(pd.DataFrame({"x": pd.Series(values, dtype=arrow_type(values))}))
    small = frame["x"]
    yield small.sum(), frame.sum()["x"]
    yield [small[SPLITS["group"] == each].sum() for each in (0, 1)]


def arrow_type(values: Any) -> pd.ArrowDtype:
    """Return the type of Arrow for values of numpy."""
    return pd.ArrowDtype(pa.from_numpy_dtype(values.dtype))


@pytest.mark.parametrize("largest", ["i1", "u1", "i2", "u2", "i4", "u4"])
@pytest.mark.parametrize(
    "add",
    [
        *(numpy_sums, pandas_sums, nullable_sums, polars_sums),
        *(arrow_sums, arrow_pandas_sums),
    ],
)
def test_sums(add: Callable[[Any], Iterator[Any]], largest: str) -> None:
    """Integers that fill a small dtype add up to what they did before."""
    kind = largest[0]
    values = np.full(ROWS, np.iinfo(largest).max, dtype=f"{kind}8")
    whole, half = int(values.sum()), int(values.sum()) // 2
    totals, groups, *others = add(values)
    assert [int(each) for each in groups] == [half, half]
    for each in [*totals, *others]:
        assert int(each) == whole


def test_what_polars_adds_in_32_bits() -> None:
    """Polars adds integers of 32 bits without widening them, so none becomes one."""
    narrow = pl.Series([2**31 - 1] * 2, dtype=pl.Int32)
    assert narrow.sum() == -2
    assert pl.Series([2**15 - 1] * 2, dtype=pl.Int16).sum() == 2**16 - 2
    wide = narrow.cast(pl.Int64)
    assert shrink(wide) is wide
