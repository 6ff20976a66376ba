"""The lines that replace statistics give the value of the whole, if followed."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import jupyter_memkit as memkit
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.rehearsal.replacement import find_replacement
from tests.techniques.chunked.bodies import make_body

NAMES = {"np": np, "pd": pd, "pl": pl, "memkit": memkit}


def make_table() -> pd.DataFrame:
    """Return keys, of which some are missing, times, texts and numbers."""
    rng = np.random.default_rng(3)
    rows = 2_000
    return pd.DataFrame(
        {
            "k": pd.Series(rng.choice(["a", "b", "c"], rows)).where(
                rng.random(rows) < 0.9
            ),
            "g": rng.integers(0, 3, rows),
            "t": pd.Series(rng.choice(["ab", "ac", "bc"], rows)),
            "when": pd.Timestamp("2023-01-01")
            + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"),
            "p": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(5, 2, rows)),
            "q": rng.integers(0, 9, rows),
            "flag": rng.random(rows) < 0.5,
            "unit price": rng.normal(5, 2, rows),
            "class": rng.normal(5, 2, rows),
        }
    )


def read_line(cell: str) -> str | None:
    """Return the line that replaces the value of a cell."""
    return find_replacement(ast.parse(cell), "df", NAMES)


def follow(cell: str, table: Any) -> Any:
    """Return the result of the replacement over chunks."""
    line = read_line(cell)
    assert line is not None
    body = make_body(line, **NAMES)
    return chunked(table, rows=300).map(body).reduce("merge")


# Cells, and what brings their values into the form of the replacement's.
CELLS: list[tuple[str, str]] = [
    ("df.p.mean()", "pd.Series({'p': value})"),
    ("round(df['p'].mean(), 3)", "pd.Series({'p': df.p.mean()})"),
    ("np.mean(df.p)", "pd.Series({'p': value})"),
    ("np.std(df.p)", "pd.Series({'p': value})"),
    ("df.p.std(ddof=0)", "pd.Series({'p': value})"),
    ("df.p.var(ddof=2)", "pd.Series({'p': value})"),
    ("df['unit price'].mean()", "pd.Series({'unit price': value})"),
    ("df[['p', 'class']].mean()", "value"),
    ("df[['p', 'q']].agg(['min', 'mean'])", "value"),
    ("df[df.q > 3].p.mean()", "pd.Series({'p': value})"),
    (
        "df.loc[(df.q > 3) & df.t.str.startswith('a'), 'p'].std()",
        "pd.Series({'p': value})",
    ),
    ("df.query('q > 3').p.mean()", "pd.Series({'p': value})"),
    ("df.k.nunique(dropna=False)", "pd.Series({'k': value})"),
    ("df.mean(numeric_only=True)", "value"),
    ("df.groupby('k').p.mean()", "value.to_frame()"),
    ("df.groupby('k', dropna=False).p.mean()", "value.to_frame()"),
    ("df.groupby(['k', 'g'], dropna=False).p.mean()", "value.to_frame()"),
    ("df.groupby(by='k', sort=False).p.mean()", "value.to_frame().sort_index()"),
    ("df.groupby('k').p.mean().reset_index()", "value.set_index('k')"),
    (
        "df.groupby('k').p.mean().sort_values().round(2)",
        "df.groupby('k')[['p']].mean()",
    ),
    ("df.groupby('k', as_index=False).p.mean()", "value.set_index('k')"),
    ("df.groupby('k')[['p', 'q']].mean()", "value"),
    ("df.groupby('k').agg(m=('p', 'mean'), high=('q', 'max'))", "value"),
    ("df.groupby('k').agg({'p': ['mean', 'max'], 'unit price': 'std'})", "value"),
    ("df.groupby(df.t.str[0]).p.mean()", "value.to_frame()"),
    ("df.groupby([df.when.dt.year, 'k']).p.mean()", "value.to_frame()"),
    ("df[df.q > 3].groupby(df.t.str[0]).p.mean()", "value.to_frame()"),
    ("df.groupby('k')[['p', 'q', 'flag']].mean(numeric_only=True)", "value"),
    ("df.groupby('k').mean(numeric_only=True)", "value"),
    ("df.groupby(['k', 'g']).mean(numeric_only=True)", "value"),
    ("df.pivot_table('p', 'k', 'g')", "value.stack().to_frame('p')"),
    ("df.pivot_table(index='k', values='p')", "value"),
    (
        "pd.pivot_table(df, values='p', index='k', columns='g')",
        "value.stack().to_frame('p')",
    ),
    ("df.groupby('k').when.mean()", "value.to_frame()"),
]


@pytest.mark.parametrize(("cell", "form"), CELLS)
def test_lines_give_the_whole(cell: str, form: str) -> None:
    """Followed, each line gives what the cell gives over the whole."""
    table = make_table()
    value = eval(cell, {"df": table, **NAMES})
    expected = eval(form, {"df": table, "value": value, **NAMES})
    found = follow(cell, table)
    if isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected, check_dtype=False)
    else:
        pd.testing.assert_frame_equal(found[list(expected.columns)], expected)
        assert set(found.columns) == set(expected.columns)


@pytest.mark.parametrize(
    ("cell", "name"),
    [("df['k'].n_unique()", "k"), ("df.filter(pl.col('q') > 3)['p'].mean()", "p")],
)
def test_lines_for_polars(cell: str, name: str) -> None:
    """Those for polars too, where missing values are counted."""
    table = pl.from_pandas(make_table())
    table = table.with_columns(pl.col("p").fill_nan(None))
    value = eval(cell, {"df": table, **NAMES})
    assert follow(cell, table)[name] == pytest.approx(value)


@pytest.mark.parametrize(
    "cell",
    [
        "df.index.max()",
        "df.groupby('k').size().max()",
        "df[df.q > df.q.mean()].p.mean()",
        "m = df.q.mean()\ndf[df.q > m].p.mean()",
        "df.head(3).p.mean()",
        "df[df.p.head(3) > 2].p.mean()",
        "df.query('q > q.mean()').p.mean()",
        "df.groupby(lambda place: place % 2).p.mean()",
        "df.groupby('k', observed=False).p.mean()",
        "df.groupby(level=0).p.mean()",
        "df.agg(m=('p', 'mean'))",
        "df.mean()",
        "df.p.mean(skipna=False)",
        "df.mean(axis=1)",
        "df.groupby(df.t.str[0]).mean(numeric_only=True)",
        "df.pivot_table('p', 'k', 'g', margins=True)",
        "df.pivot_table('p', 'k', aggfunc=['mean', 'max'])",
        "len(df.groupby('k').p.mean())",
        "x = 1",
    ],
)
def test_no_line(cell: str) -> None:
    """There is no line where the statistic of the whole is not certain."""
    assert read_line(cell) is None
