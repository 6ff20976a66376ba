"""Which columns a cell uses, told by its code."""

from __future__ import annotations

import ast
import sys
from typing import Any

import pytest

from jupyter_memkit.techniques.chunked.columns import find_columns

COLUMNS = ["id", "user", "cat", "price", "qty"]


def find(code: str, namespace: dict[str, Any] | None = None) -> tuple[str, ...] | None:
    """Return the columns that a cell over ``df`` uses."""
    return find_columns(ast.parse(code), "df", COLUMNS, namespace or {})


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("df.price", ["price"]),
        ("df['price']", ["price"]),
        ("df[['price', 'id']]", ["id", "price"]),
        ("len(df)", []),
        ("df.index", []),
        ("df.cat.value_counts()", ["cat"]),
        ("(df.price * df.qty).groupby(df.cat, observed=True).sum()", "cat price qty"),
        ("df.assign(r=df.price * df.qty).groupby('cat').r.sum()", "cat price qty"),
        ("df.assign(r=lambda d: d.price).groupby('cat').r.sum()", "cat price"),
        ("df['r'] = df.price\ndf.groupby('cat')['r'].sum()", "cat price"),
        ("df.r = df.price\ndf.r.max()", "price"),
        ("df[df.price > 99].qty.sum()", "price qty"),
        ("df.loc[df.price > 5, ['qty', 'cat']]", "cat price qty"),
        ("df.loc[df.price > 5].id", "id price"),
        ("df.groupby('cat').size()", "cat"),
        ("df.groupby(['cat', 'user']).price.agg(['sum', 'count'])", "user cat price"),
        ("df.groupby('cat').agg({'price': 'sum'})", "cat price"),
        ("df.groupby('cat').agg(total=('price', 'sum'))", "cat price"),
        ("df.dropna(subset=['price']).qty", "price qty"),
        ("df.sort_values('price').head(5)[['id']]", "id price"),
        ("df.drop_duplicates('user').reset_index(drop=True).user", "user"),
        ("model.partial_fit(df[['price', 'qty']], df['cat'])", "cat price qty"),
        ("x = df.price.sum()\nprint(x)", "price"),
        ("for name in ('a', 'b'):\n    print(df.price)", "price"),
        ("df.select(pl.col('price') * pl.col('qty'))", "price qty"),
        ("df.filter(pl.col('price') > 5).select(pl.len())", "price"),
        ("df.group_by('cat').agg(pl.col('price').sum().alias('r'))", "cat price"),
        ("df.with_columns(r=pl.col('price') * 2).select('r')", "price"),
        ("df.column('price')", "price"),
    ],
)
def test_proven(code: str, expected: list[str] | str) -> None:
    """Columns that are named by constants are all that is needed."""
    names = expected.split() if isinstance(expected, str) else expected
    assert find(code) == tuple(names)


@pytest.mark.parametrize(
    "code",
    [
        "df",
        "x = df",
        "f(df)",
        "[df]",
        "f'{df}'",
        "df if x else None",
        "df[name]",
        "df[['price', name]]",
        "df[df.price > 99]",
        "df.loc[:, name]",
        "df.loc[df.price > 5]",
        "df.sum()",
        "df.columns",
        "df.shape",
        "df.dropna().price",
        "df.drop_duplicates().price",
        "df.groupby('cat').sum()",
        "df.groupby('cat')",
        "df.missing",
        "df['missing']",
        "for row in df: pass",
        "df.apply(lambda row: row.price)",
        "df.query('price > 5').qty",
        "df.select(pl.all())",
        "df.select(pl.col('^p.*$'))",
        "df.select(expression)",
        "eval('df.price')",
        "locals()['df'].price",
        "df.price\nget_ipython().run_line_magic('who', '')",
    ],
)
def test_escaping(code: str) -> None:
    """Where the whole frame may be used all columns are read."""
    assert find(code) is None


def test_functions_that_read_the_chunk() -> None:
    """A function of the notebook that reads the chunk by its name hides its columns."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("def of_the_chunk(): return df.id", namespace)
    assert find("df.price + of_the_chunk()", namespace) is None
    exec("def of_the_chunk(): return (lambda: df.id)()", namespace)
    assert find("df.price + of_the_chunk()", namespace) is None
    exec("class Reader:\n    def read(self): return df.id", namespace)
    del namespace["of_the_chunk"]
    assert find("df.price + Reader().read()", namespace) is None
    del namespace["Reader"]
    assert find("df.price", namespace) == ("price",)


def test_nothing_is_imported() -> None:
    """To read the code takes no library."""
    before = set(sys.modules)
    find("df.select(pl.col('price'))")
    assert set(sys.modules) == before
