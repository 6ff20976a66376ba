"""Partial statistics combine to those of the whole."""

from __future__ import annotations

import itertools
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jupyter_memkit as memkit
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import ReduceError, chunked
from jupyter_memkit.techniques.chunked.results.partial import Partial, partial
from jupyter_memkit.techniques.chunked.results.partial.kinds import NAMES
from tests.techniques.chunked.test_rehearsal import make_body

# More of them take longer: MEMKIT_RANDOM_PARTIALS=500.
COUNT = int(os.environ.get("MEMKIT_RANDOM_PARTIALS", "4"))

PANDAS = [
    *("count", "size", "sum", "mean", "var", "std", "sem", "min", "max", "first"),
    *("last", "nunique"),
]


def make_table(seed: int, rows: int) -> pd.DataFrame:
    """Return keys, numbers with a large mean, missing values, integers and texts."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "k": rng.choice(["a", "b", "c"], rows),
            "g": np.where(rng.random(rows) < 0.1, np.nan, rng.integers(0, 3, rows)),
            "x": rng.normal(1e6, 1, rows),
            "m": np.where(rng.random(rows) < 0.4, np.nan, rng.normal(0, 5, rows)),
            "n": rng.integers(-5, 9, rows),
            "s": rng.choice(["u", "v", "w"], rows),
        }
    )


def merged(table: pd.DataFrame, cuts: Sequence[int], by: Any, **asked: Any) -> Any:
    """Return statistics of the parts of a table, pickled and merged."""
    edges = [0, *sorted(cut % (len(table) + 1) for cut in cuts), len(table)]
    parts = [
        partial(table[start:stop], by=by).agg(**asked)
        for start, stop in itertools.pairwise(edges)
    ]
    whole = parts[0]
    for part in parts[1:]:
        whole = pickle.loads(pickle.dumps(whole)).merge(part)
    return whole.result()


cut_tables = given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 60),
    cuts=st.lists(st.integers(0, 60), max_size=4),
)


@cut_tables
@settings(deadline=None, max_examples=COUNT)
@pytest.mark.parametrize("by", ["k", ["k", "g"]])
def test_by_group(seed: int, rows: int, cuts: list[int], by: Any) -> None:
    """By group, every statistic is that of pandas over the whole, however it is cut."""
    table = make_table(seed, rows)
    asked = {"x": PANDAS, "m": PANDAS, "n": PANDAS}
    expected = table.groupby(by).agg(asked)
    got = merged(table, cuts, by, **asked)
    pd.testing.assert_frame_equal(
        got, expected, check_dtype=False, rtol=1e-9, check_index_type=False, atol=1e-9
    )
    assert got["n", "sum"].dtype.kind == "i"


@cut_tables
@settings(deadline=None, max_examples=COUNT)
def test_of_the_whole(seed: int, rows: int, cuts: list[int]) -> None:
    """Without groups, every statistic is that of pandas over the whole."""
    table = make_table(seed, rows)
    names: Any = [name for name in PANDAS if name not in {"first", "last", "size"}]
    expected = table[["x", "m"]].agg(names)
    got = merged(table, cuts, None, x=names, m=names)
    pd.testing.assert_frame_equal(
        got, expected, check_dtype=False, rtol=1e-9, atol=1e-9
    )
    means = merged(table, cuts, None, x="mean", n="sum")
    pd.testing.assert_series_equal(means, table.agg({"x": "mean", "n": "sum"}))


@cut_tables
@settings(deadline=None, max_examples=COUNT)
def test_of_values(seed: int, rows: int, cuts: list[int]) -> None:
    """Distinct values, counts, extremes, histograms and correlations are exact."""
    table = make_table(seed, rows)
    got = merged(
        table,
        cuts,
        "k",
        s=["unique", "value_counts", ("top", 1)],
        n=[
            ("largest", 3),
            ("smallest", 2),
            ("histogram", [-5, 0, 4, 8]),
            ("corr", "m"),
        ],
    )
    for key, part in table.groupby("k"):
        row = got.loc[key]
        assert list(row["s", "unique"]) == list(part.s.unique())
        counts = part.s.value_counts()
        assert row["s", "value_counts"].to_dict() == counts.to_dict()
        assert row["s", "top(1)"].iloc[0] == counts.iloc[0]
        assert list(row["n", "largest(3)"]) == sorted(part.n, reverse=True)[:3]
        assert list(row["n", "smallest(2)"]) == sorted(part.n)[:2]
        bins = np.histogram(part.n, [-5, 0, 4, 8])[0]
        assert list(row["n", "histogram((-5, 0, 4, 8))"]) == list(bins)
        with np.errstate(all="ignore"):
            expected = part.n.corr(part.m)
        np.testing.assert_allclose(row["n", "corr(m)"], expected, rtol=1e-9, atol=1e-9)


def test_sketches() -> None:
    """Quantiles and distinct counts by sketches are within their stated error."""
    pytest.importorskip("datasketches")
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {"k": rng.choice(["a", "b"], 90_000), "x": rng.gamma(2, 3, 90_000)}
    )
    table["id"] = rng.integers(0, 20_000, len(table))
    got = merged(
        table,
        range(5_000, 90_000, 7_000),
        "k",
        x=[("approx_quantile", 0.5), ("approx_quantile", 0.99)],
        id="approx_nunique",
    )
    for key, part in table.groupby("k"):
        for q in (0.5, 0.99):
            rank = (part.x <= got.loc[key, ("x", f"approx_quantile({q})")]).mean()
            assert rank == pytest.approx(q, abs=0.014)
        n = part.id.nunique()
        assert got.loc[key, ("id", "approx_nunique")] == pytest.approx(n, rel=0.04)


def test_categories() -> None:
    """Keys with other categories in each chunk are compared by their values."""
    table = make_table(1, 40)
    table["k"] = table["k"].astype("category")
    parts = [table[:20], table[20:]]
    for part in parts:
        part["k"] = part["k"].cat.remove_unused_categories()
    one, other = (partial(part, by="k").agg(x="mean") for part in parts)
    expected = table.groupby("k", observed=True).x.mean()
    np.testing.assert_allclose(one.merge(other).result().x, expected)


def _mean_by_key(chunk: Any) -> Partial:
    return partial(chunk, by="k").agg(x=["mean", "std"], n="nunique")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Write a table of 2,000 rows."""
    make_table(4, 2_000).to_csv(tmp_path / "orders.csv", index=False)
    return tmp_path / "orders.csv"


@pytest.mark.parametrize("options", [{}, {"workers": 2}])
def test_over_chunks(orders: Path, options: dict[str, Any]) -> None:
    """The result over chunks, here and in other processes, is that over the whole."""
    got = chunked(orders, rows=300).map(_mean_by_key).run("merge", **options).value
    expected = (
        pd.read_csv(orders).groupby("k").agg({"x": ["mean", "std"], "n": ["nunique"]})
    )
    pd.testing.assert_frame_equal(got, expected, rtol=1e-9, check_dtype=False)


def test_resume(orders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ended early resumes with the statistics of the chunks before."""
    progress = tmp_path / "progress"
    monkeypatch.setattr(
        "jupyter_memkit.techniques.chunked.checkpoint._AT_MOST_EVERY_S", 0.0
    )
    seen: list[int] = []

    def fail_once(chunk: Any) -> Partial:
        seen.append(len(chunk))
        if len(seen) == 5:
            raise ZeroDivisionError
        return _mean_by_key(chunk)

    job = chunked(orders, rows=300).map(fail_once)
    with pytest.raises(ZeroDivisionError):
        job.run("merge", resume=progress)
    got = job.run("merge", resume=progress)
    assert got.resumed_rows > 0
    expected = pd.read_csv(orders).groupby("k").x.mean()
    np.testing.assert_allclose(got.value["x", "mean"], expected, rtol=1e-9)


def test_in_a_cell(orders: Path) -> None:
    """A cell that ends with partial statistics is not taken for one that samples."""
    pytest.importorskip("datasketches")
    body = make_body(
        "memkit.partial(df, by='k').agg(x=[('approx_quantile', 0.5), 'mean'])",
        memkit=memkit,
    )
    asked = ", ".join(map(repr, NAMES))
    all_of_them = make_body(f"memkit.partial(df).agg(x=[{asked}])", memkit=memkit)
    assert (body.effect, all_of_them.effect) == (None, None)
    summary = chunked(orders, rows=300).map(body).run("merge")
    assert summary.notes == ()
    assert list(summary.value.columns) == [("x", "approx_quantile(0.5)"), ("x", "mean")]


def test_polars() -> None:
    """A polars frame has the same statistics as a pandas frame."""
    table = make_table(5, 30)
    got = memkit.partial(pl.from_pandas(table), by="k").agg(n="sum").result()
    np.testing.assert_array_equal(got.n, table.groupby("k").n.sum())


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"z": "mean"}, "the chunk has no column 'z'; it has k, g, x"),
        ({"x": "meen"}, "there is no partial statistic 'meen'; did you mean mean?"),
        (
            {"x": "median"},
            r"median does not combine exactly; use \(\"approx_quantile\"",
        ),
        ({"x": "top"}, r"top needs one argument: write \(\"top\", ...\)"),
        ({"x": ("mean", 2)}, "mean takes no argument"),
        ({}, "name a column and a statistic"),
    ],
)
def test_bad_input(asked: dict[str, Any], sentence: str) -> None:
    """Unknown columns and statistics are rejected, with those that exist."""
    with pytest.raises(MemkitError, match=sentence):
        partial(make_table(1, 5)).agg(**asked)


def test_other_values() -> None:
    """Only frames have partial statistics, and only the same statistics merge."""
    with pytest.raises(MemkitError, match="partial needs a frame, not list"):
        partial([1, 2])
    table = make_table(1, 5)
    with pytest.raises(ReduceError, match="compute the same statistics"):
        partial(table).agg(x="mean").merge(partial(table).agg(x="sum"))
