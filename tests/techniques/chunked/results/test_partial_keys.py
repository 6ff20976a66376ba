"""The keys of partial statistics may be values for each row, or missing."""

from __future__ import annotations

import itertools
import os
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import ReduceError
from jupyter_memkit.techniques.chunked.results.partial import partial
from tests.steady import STEADY

# More of them take longer: MEMKIT_RANDOM_PARTIALS=500.
COUNT = int(os.environ.get("MEMKIT_RANDOM_PARTIALS", "4"))

STATISTICS: Any = ["size", "sum", "std", "max", "last", "nunique"]


def make_table(seed: int, rows: int) -> pd.DataFrame:
    """Return keys, of which some are missing, times and numbers."""
    rng = np.random.default_rng(seed)
    texts: Any = rng.choice(["ab", "ac", "b"], rows)
    return pd.DataFrame(
        {
            "t": pd.Series(texts, dtype=object).where(rng.random(rows) < 0.8, None),
            "g": np.where(rng.random(rows) < 0.3, np.nan, rng.integers(0, 3, rows)),
            "when": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"),
            "x": rng.normal(1e6, 1, rows),
            "m": np.where(rng.random(rows) < 0.4, np.nan, rng.normal(0, 5, rows)),
        }
    )


def merged(
    table: Any, cuts: list[int], take: Callable[[Any], Any], **asked: Any
) -> Any:
    """Return statistics of the parts of a table, pickled and merged."""
    edges = [0, *sorted(cut % (len(table) + 1) for cut in cuts), len(table)]
    parts = [
        take(table[start:stop]).agg(**asked)
        for start, stop in itertools.pairwise(edges)
    ]
    whole = parts[0]
    for part in parts[1:]:
        whole = pickle.loads(pickle.dumps(whole)).merge(part)
    return whole.result()


# In another order than that of the texts.
CATEGORIES = pd.CategoricalDtype(["b", "ac", "ab"], ordered=True)

KEYS: list[Callable[[pd.DataFrame], Any]] = [
    lambda _: "t",
    lambda _: ["t", "g"],
    lambda table: table.t.str[0],
    lambda table: [table.t.str[0], "g", table.when.dt.year],
    lambda table: table.when.dt.month.to_numpy(),
    lambda table: pd.cut(table.x, [0, 1e6, 1e7]),
    lambda table: [table.when.dt.year, table.when.dt.month],
    lambda table: table.t.astype(CATEGORIES),
    lambda table: ["g", table.t.astype(CATEGORIES)],
    lambda table: table.t.fillna("c").where(table.g == 1, table.when.dt.year),
]


@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 60),
    cuts=st.lists(st.integers(0, 60), max_size=4),
)
@settings(STEADY, max_examples=COUNT)
@pytest.mark.parametrize("dropna", [True, False])
@pytest.mark.parametrize("by", KEYS)
def test_keys(
    by: Callable[[pd.DataFrame], Any],
    seed: int,
    rows: int,
    cuts: list[int],
    *,
    dropna: bool,
) -> None:
    """Every statistic is that of pandas with the same keys, however it is cut."""
    table = make_table(seed, rows)
    asked: Any = {"x": STATISTICS, "m": ["mean", "min", "first"]}
    expected = table.groupby(by(table), dropna=dropna, observed=True).agg(asked)
    got = merged(
        table, cuts, lambda part: partial(part, by=by(part), dropna=dropna), **asked
    )
    pd.testing.assert_frame_equal(
        got, expected, check_dtype=False, rtol=1e-9, check_index_type=False, atol=1e-9
    )


@pytest.mark.parametrize("dropna", [True, False])
def test_values_by_missing_keys(*, dropna: bool) -> None:
    """Statistics that keep values have the rows without a key as a group too."""
    table = make_table(1, 200)
    got = merged(
        table,
        [50, 90],
        lambda part: partial(part, by="g", dropna=dropna),
        t=["unique", "value_counts", ("nunique", False)],
        x=[("largest", 2), ("histogram", [0, 1e6, 1e7]), ("corr", "m")],
    )
    groups = table.groupby("g", dropna=dropna)
    assert len(got) == len(groups)
    for (_, part), (_, row) in zip(groups, got.iterrows(), strict=True):
        assert list(row["t", "unique"]) == list(part.t.unique())
        assert row["t", "nunique(False)"] == part.t.nunique(dropna=False)
        assert row["t", "value_counts"].to_dict() == part.t.value_counts().to_dict()
        assert list(row["x", "largest(2)"]) == sorted(part.x)[:-3:-1]
        bins = np.histogram(part.x, [0, 1e6, 1e7])[0]
        assert list(row["x", "histogram((0, 1000000.0, 10000000.0))"]) == list(bins)
        assert row["x", "corr(m)"] == pytest.approx(part.x.corr(part.m))


@pytest.mark.parametrize("name", ["value", "index", "level_0", "all", "x"])
def test_names_of_keys(name: str) -> None:
    """A key may have any name, also that of a column with statistics."""
    table = make_table(2, 60)
    table[name] = table.t.fillna("c")
    asked: Any = {"x": ["count", "nunique", "unique", "value_counts", ("largest", 2)]}
    got = merged(table, [20, 40], lambda part: partial(part, by=name), **asked)
    groups = table.groupby(name).x
    assert got["x", "nunique"].to_dict() == groups.nunique().to_dict()


def test_bins_of_each_chunk() -> None:
    """Bins that overlap those of another chunk are refused in one sentence."""
    table = make_table(2, 60)
    with pytest.raises(ReduceError, match=r"cannot be merged .* bins the same edges"):
        merged(
            table,
            [15, 30, 45],
            lambda part: partial(part, by=pd.qcut(part.x, 3)),
            m="mean",
        )


def test_keys_of_left_out_rows() -> None:
    """A key is aligned with the rows that are left, as in pandas."""
    table = make_table(2, 100)
    table.index = pd.Index(range(100, 200))
    kept = table[table.m > 0]
    got = partial(kept, by=table.when.dt.year).agg(x="sum").result()
    expected = kept.groupby(table.when.dt.year).x.sum()
    pd.testing.assert_series_equal(got.x, expected)


def test_keys_of_polars_and_arrow() -> None:
    """Keys may be expressions and series of polars, and arrays of pyarrow."""
    table = make_table(3, 50)
    table["t"] = table["t"].fillna("c")
    expected = table.groupby(table.t.str[0]).x.sum()
    frame = pl.from_pandas(table)
    for key in (pl.col("t").str.head(1), frame["t"].str.head(1)):
        got = partial(frame, by=[key]).agg(x="sum").result()
        assert got.x.to_dict() == pytest.approx(expected.to_dict())
        assert got.index.name == "t"
    arrow = pa.Table.from_pandas(table)
    got = partial(arrow, by=arrow["t"]).agg(x="sum").result()
    assert got.x.to_dict() == pytest.approx(table.groupby("t").x.sum().to_dict())


def test_keys_of_other_lengths() -> None:
    """A key without a value for each row is refused."""
    with pytest.raises(MemkitError, match="a key has 3 values, but the chunk 5 rows"):
        partial(make_table(1, 5), by=np.arange(3))
    with pytest.raises(MemkitError, match="no column 'tt'; did you mean t"):
        partial(make_table(1, 5), by=["tt", np.arange(5)])
    table = make_table(1, 5)
    with pytest.raises(MemkitError, match="one column, not a DataFrame of several"):
        partial(table, by=table[["t", "g"]])


@pytest.mark.parametrize("name", ["std", "var", "sem"])
@pytest.mark.parametrize("ddof", [0, 1, 2])
def test_degrees_of_freedom(name: str, ddof: int) -> None:
    """Deviations take the degrees of freedom of pandas."""
    table = make_table(4, 40)
    got = merged(table, [11, 25], lambda part: partial(part, by="t"), m=(name, ddof))
    expected = getattr(table.groupby("t").m, name)(ddof=ddof)
    pd.testing.assert_series_equal(got.m, expected)


def test_named_results() -> None:
    """A result may have another name than its column, as in pandas."""
    table = make_table(5, 60)
    asked: Any = {"low": ("m", "min"), "mean": ("m", "mean"), "x": ("x", "max")}
    got = merged(table, [30], lambda part: partial(part, by="t"), **asked)
    pd.testing.assert_frame_equal(got, table.groupby("t").agg(**asked))
    table["corr"] = table.x
    both = merged(table, [30], partial, m=("corr", "x"), r=("corr", "max"))
    assert both["m"] == pytest.approx(table.m.corr(table.x))
    assert both["r"] == table.x.max()


@pytest.mark.parametrize("unit", ["ns", "us", "s"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_means_of_times(unit: Any, zone: str | None) -> None:
    """Means of times are exact, and those of missing times are missing."""
    table = make_table(6, 80)
    times = table.when.dt.as_unit(unit)
    table["when"] = times if zone is None else times.dt.tz_localize(zone)
    table["took"] = (table.when - table.when.min()) * -1
    table.loc[table.t == "b", "when"] = pd.NaT
    table.loc[3, "took"] = pd.NaT
    asked = {"when": ["min", "max", "mean"], "took": ["mean"]}
    got = merged(table, [7, 20, 50], lambda part: partial(part, by="t"), **asked)
    for key, part in table.groupby("t"):
        for name in ("when", "took"):
            known = part[name].dropna()
            mean = got.loc[key, (name, "mean")]
            if known.empty:
                assert mean is pd.NaT
                continue
            first = known.iloc[0]
            off = sum((each - first).value for each in known) // len(known)
            assert abs((mean - first).value - off) <= pd.Timedelta(1, unit).value
    expected = table.groupby("t").agg(asked)
    assert got.dtypes.tolist() == expected.dtypes.tolist()
    whole = merged(table, [7, 20], partial, **asked)
    of_all: Any = table.when.mean()
    assert whole.loc["mean", "when"].floor("s") == of_all.floor("s")


def test_means_without_times() -> None:
    """Parts without rows change nothing."""
    table = make_table(7, 20)
    got = merged(table, [0, 0, 10, 10], lambda part: partial(part, by="t"), when="mean")
    assert list(got.when) == list(table.groupby("t").when.mean())
    nothing = partial(table[:0], by="t").agg(when="mean").result()
    assert len(nothing) == 0


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"when": "std"}, r"^std of when cannot be computed from values of type date"),
        ({"when": "sum"}, r"^sum of when cannot be computed"),
        ({"t": "mean"}, r"^mean of t cannot be computed from values of type object"),
        ({"t": "sum"}, r"^sum of t cannot be computed .*texts do not add up"),
        *(
            ({name: how}, rf".* of {name} cannot be computed .*it takes numbers")
            for name in ("arrow", "digits")
            for how in ("std", ("corr", "x"), ("approx_quantile", 0.5))
        ),
    ],
)
def test_statistics_of_other_types(asked: dict[str, Any], sentence: str) -> None:
    """A statistic that a type of values does not have is refused in one sentence."""
    pytest.importorskip("datasketches")
    table = make_table(8, 20)
    table["arrow"] = table.when.astype("timestamp[us][pyarrow]")
    table["digits"] = "12"
    with pytest.raises(MemkitError, match=sentence) as raised:
        partial(table).agg(**asked)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("values", [[3, 1, 2], [True, False], [1.5, 0.5], ["b", "a"]])
@pytest.mark.parametrize("dropna", [True, False])
def test_missing_categories(values: Any, *, dropna: bool) -> None:
    """A missing category is no key, or one of its own, whatever the others are."""
    rng = np.random.default_rng(4)
    codes: Any = rng.integers(-1, len(values), 400)
    keys = pd.Categorical.from_codes(codes, categories=values)
    table = pd.DataFrame({"k": keys, "x": rng.normal(0, 5, 400)})
    found = merged(
        table, [100, 150], lambda part: partial(part, by="k", dropna=dropna), x="mean"
    )
    whole = table.groupby("k", observed=True, dropna=dropna)[["x"]].mean()
    pd.testing.assert_frame_equal(found, whole)
