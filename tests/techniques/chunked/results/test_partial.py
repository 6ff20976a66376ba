"""Partial statistics combine to those of the whole."""

from __future__ import annotations

import functools
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
from tests.techniques.chunked.bodies import make_body

# More of them take longer: MEMKIT_RANDOM_PARTIALS=500.
COUNT = int(os.environ.get("MEMKIT_RANDOM_PARTIALS", "4"))

PANDAS = [
    *("count", "size", "sum", "mean", "var", "std", "sem", "min", "max", "first"),
    *("last", "nunique"),
]


def make_table(seed: int, rows: int) -> pd.DataFrame:
    """Return keys and texts, numbers with a large mean, missing and infinite values."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "k": rng.choice(["a", "b", "c"], rows),
            "g": np.where(rng.random(rows) < 0.1, np.nan, rng.integers(0, 3, rows)),
            "x": rng.normal(1e6, 1, rows),
            "m": np.where(rng.random(rows) < 0.4, np.nan, rng.normal(0, 5, rows)),
            "n": rng.integers(-5, 9, rows),
            "s": rng.choice(["u", "v", "w"], rows),
            "i": make_infinite(rng, rows),
        }
    )


def make_infinite(rng: np.random.Generator, rows: int) -> Any:
    """Return small numbers, of which some are infinite and some are missing."""
    known = rng.integers(0, 4, rows).astype("float64")
    special = rng.choice([np.nan, np.inf, -np.inf], rows, p=[0.6, 0.3, 0.1])
    return np.where(rng.random(rows) < 0.2, special, known)


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
    asked = {"x": PANDAS, "m": PANDAS, "n": PANDAS, "i": PANDAS}
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
    with np.errstate(all="ignore"):
        expected = table[["x", "m", "i"]].agg(names)
    got = merged(table, cuts, None, x=names, m=names, i=names)
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


@cut_tables
@settings(deadline=None, max_examples=COUNT)
def test_of_infinite_values(seed: int, rows: int, cuts: list[int]) -> None:
    """Infinite values count as values, and NaN as missing."""
    table = make_table(seed, rows)
    edges = [-np.inf, 0, 2, np.inf]
    statistics: Any = [
        *("unique", "value_counts", ("largest", 3), ("smallest", 2), ("corr", "n")),
        *(("histogram", edges), ("histogram", [0, 1, 3])),
    ]
    got = merged(table, cuts, "k", i=statistics, n=[("corr", "i")])
    for key, part in table.groupby("k"):
        row = got.loc[key]
        assert_arrays(row["i", "unique"], part.i.unique())
        if part.i.count():
            counts = part.i.value_counts()
            assert row["i", "value_counts"].to_dict() == counts.to_dict()
            # Of fewer values, pandas adds the missing ones.
            present = part.i.dropna()
            assert_arrays(row["i", "largest(3)"], present.nlargest(3))
            assert_arrays(row["i", "smallest(2)"], present.nsmallest(2))
        for bins in (edges, [0, 1, 3]):
            expected = np.histogram(part.i.dropna(), bins)[0]
            assert_arrays(row["i", f"histogram({tuple(bins)})"], expected)
        with np.errstate(all="ignore"):
            correlation = part.i.corr(part.n)
        both = [row["i", "corr(n)"], row["n", "corr(i)"]]
        np.testing.assert_allclose(both, correlation, rtol=1e-9, atol=1e-9)


def assert_arrays(got: Any, expected: Any) -> None:
    """Assert that all values are the same, or missing in both."""
    np.testing.assert_array_equal(np.asarray(got), np.asarray(expected))


@pytest.mark.parametrize("by", [None, "k", ["k", "g"]])
@pytest.mark.parametrize(
    "values",
    [
        [np.inf, 1, 2, 3],
        [1, np.inf, 2, np.inf],
        [1, -np.inf, 2, 3],
        [np.inf, -np.inf, 1, 2],
        [np.inf, 1, -np.inf, np.inf],
        [np.nan, np.inf, np.nan, 1],
        [np.inf, np.nan, -np.inf, np.nan],
    ],
)
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_infinities_stay(values: list[float], by: Any, rows: int) -> None:
    """An infinite value is in the result, whatever follows it in any number of parts.

    That of two signs is NaN, which no later value replaces.
    """
    # Between its rows, the group is absent from some parts.
    table = pd.DataFrame({"k": "a", "g": np.nan, "v": values, "w": [1.0, 3, 2, 5]})
    others = table.assign(k="b", v=[1.0, 2, 4, np.nan])
    table = pd.concat([table, others], ignore_index=True)
    names: Any = ["sum", "mean", "std", "var", "sem", "min", "max", "count"]
    parts = [
        partial(table[start : start + rows], by=by, dropna=False).agg(
            v=[*names, ("corr", "w")]
        )
        for start in range(0, len(table), rows)
    ]
    got = functools.reduce(Partial.merge, parts).result()
    with np.errstate(all="ignore"):
        if by is None:
            expected = table[["v"]].agg(names)
            expected.loc["corr(w)"] = table.v.corr(table.w)
        else:
            groups = table.groupby(by, dropna=False)
            expected = groups.agg({"v": names})
            expected["v", "corr(w)"] = [part.v.corr(part.w) for _, part in groups]
    pd.testing.assert_frame_equal(got, expected, check_dtype=False, rtol=1e-9)


def test_quantiles_of_infinite_values() -> None:
    """Infinite values are the largest and smallest of a sketch, which ignores NaN."""
    pytest.importorskip("datasketches")
    table = pd.DataFrame({"v": [np.inf, np.nan, 1, 2, np.nan, -np.inf, 3]})
    asked: Any = [*(("approx_quantile", q) for q in (0, 0.5, 1)), "approx_nunique"]
    got = merged(table, [2, 3, 5], None, v=asked)
    assert got.v.tolist() == [-np.inf, 2, np.inf, 5]


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


@pytest.mark.parametrize("start", [-(2**63) - 20, 2**63 - 20, 2**64 - 40, 2**70])
def test_distinct_large_integers(start: int) -> None:
    """Integers of more than 64 bits, and unsigned ones, are counted as they are."""
    pytest.importorskip("datasketches")
    values = [start + number % 40 for number in range(100)]
    table = pd.DataFrame({"v": values})
    assert merged(table, [30], None, v="approx_nunique")["v"] == 40


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
        ({"x": ("corr", "y")}, "the chunk has no column 'y'; it has k, g, x"),
        ({"x": ("approx_quantile", 50)}, "takes a rank from 0 to 1, .* not 50"),
        ({"x": ("histogram", 10)}, "takes edges that increase, .* not 10"),
        ({"x": ("histogram", [5, 1, 3])}, "takes edges that increase"),
        ({"x": ("largest", -1)}, "largest takes a number of values, .* not -1"),
        ({"x": ["mean", ("top", 2.5)]}, "top takes a number of values"),
        ({"x": ("std", "x")}, "std takes degrees of freedom, .* not 'x'"),
        ({"x": ("nunique", "x")}, "nunique takes True or False"),
        ({"x": len}, "is not a partial statistic; use a name, such as 'mean'"),
        ({"x": None}, "None is not a partial statistic"),
        ({}, "name a column and a statistic"),
    ],
)
def test_bad_input(asked: dict[str, Any], sentence: str) -> None:
    """Unknown columns and statistics are rejected, with those that exist."""
    with pytest.raises(MemkitError, match=sentence):
        partial(make_table(1, 5)).agg(**asked)


def test_arguments_of_numpy() -> None:
    """Arguments may be arrays and numbers of numpy."""
    table = make_table(1, 50)
    edges = np.linspace(-5, 10, 4)
    got = merged(table, [20], None, n=[("histogram", edges), ("top", np.int64(2))])
    counts = np.histogram(table.n, edges)[0]
    assert list(got.loc["histogram((-5.0, 0.0, 5.0, 10.0))", "n"]) == list(counts)
    assert len(got.loc["top(2)", "n"]) == 2


def test_other_values() -> None:
    """Only frames have partial statistics, and only the same statistics merge."""
    with pytest.raises(MemkitError, match="partial needs a frame, not list"):
        partial([1, 2])
    table = make_table(1, 5)
    with pytest.raises(ReduceError, match="compute the same statistics"):
        partial(table).agg(x="mean").merge(partial(table).agg(x="sum"))
