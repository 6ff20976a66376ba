"""Finding the columns that a cell uses, from its code."""

from __future__ import annotations

import abc
import ast
import datetime as dt
import importlib
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.compute as pc
import pytest

from jupyter_memkit.cells.columns.find import find_columns

COLUMNS = ["id", "user", "cat", "price", "qty", "max"]


def find(
    code: str, namespace: dict[str, Any] | None = None, backend: str = "pandas"
) -> str | None:
    """Return the columns that a cell over ``df`` uses, as text."""
    tree = ast.parse(code)
    known = {"pd": pd, "np": np, "pl": pl, "pc": pc, **(namespace or {})}
    found = find_columns(tree, "df", COLUMNS, known, backend)
    return None if found is None else " ".join(found)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("df.price", "price"),
        ("df['price'].sum()", "price"),
        ("df['max'].sum()", "max"),
        ("df[['price', 'id']]", "id price"),
        ("len(df)", ""),
        ("df.index", ""),
        ("df.shape[0]", ""),
        ("df.cat.value_counts()", "cat"),
        ("(df.price * df.qty).groupby(df.cat, observed=True).sum()", "cat price qty"),
        ("df.assign(r=df.price * df.qty).groupby('cat').r.sum()", "cat price qty"),
        ("df.assign(r=lambda d: d.price).groupby('cat').r.sum()", "cat price"),
        ("df.assign(r=np.where(df.price > 3, 1, 0)).r.sum()", "price"),
        ("import numpy as n\ndf.assign(r=n.log(df.price)).r.sum()", "price"),
        ("df['r'] = df.price\ndf.groupby('cat')['r'].sum()", "cat price"),
        ("df['price'] += 1\ndf.price.sum()", "price"),
        ("df[df.price > 99].qty.sum()", "price qty"),
        ("df[1:3].qty.sum()", "qty"),
        ("df[(df.price > 9) & ~df.cat.isin(['a'])].qty.sum()", "cat price qty"),
        ("df[df.cat.str.contains('a')].qty.sum()", "cat qty"),
        ("df[df.price > df.price.mean()].qty.sum()", "price qty"),
        ("df[np.isfinite(df.price)].qty.sum()", "price qty"),
        ("df[lambda d: d.price > 9].qty.sum()", "price qty"),
        ("mask = df.price > 9\ndf[mask].qty.sum()", "price qty"),
        ("m = df.price > 9\nm &= df.id > 2\ndf[m].qty.sum()", "id price qty"),
        ("df = df[df.price > 9]\ndf.groupby('cat').qty.sum()", "cat price qty"),
        ("df.loc[df.price > 5, 'qty']", "price qty"),
        ("df.loc[df.price > 5, ['qty', 'cat']]", "cat price qty"),
        ("df.loc[lambda d: d.price > 5, 'qty'].sum()", "price qty"),
        ("df.loc[df.price > 5].id", "id price"),
        ("df.loc[df.price > 5, 'qty'] = 0\ndf.qty.sum()", "price qty"),
        ("df.loc[df.price > 5, :].id", "id price"),
        ("df.agg({'price': 'sum', 'qty': 'max'})", "price qty"),
        ("df.groupby('cat').size()", "cat"),
        ("df.groupby('cat').ngroups", "cat"),
        ("df[df.groupby('cat').cumcount() < 3].qty.sum()", "cat qty"),
        ("df.groupby(['cat', 'user']).price.agg(['sum', 'count'])", "user cat price"),
        ("df.groupby('cat')[['price', 'qty']].sum()", "cat price qty"),
        ("df.groupby('cat').agg({'price': 'sum'})", "cat price"),
        ("df.groupby('cat').agg(total=('price', 'sum'))", "cat price"),
        ("df.groupby(['cat', df.qty // 2]).price.sum()", "cat price qty"),
        ("df.groupby(pd.to_datetime(df.id).dt.year).price.sum()", "id price"),
        ("df.groupby(pd.Grouper(key='id', freq='D')).price.sum()", "id price"),
        (
            "df.sort_values('price').groupby('cat').head(2)[['cat', 'id']]",
            "id cat price",
        ),
        ("df.dropna(subset=['price']).qty", "price qty"),
        ("df[~df.duplicated('user')].qty.sum()", "user qty"),
        ("df.head(3).qty", "qty"),
        ("df.sort_index(ascending=False).qty", "qty"),
        ("df.nlargest(3, 'price').id", "id price"),
        ("df.nlargest(3, columns='price').id", "id price"),
        ("df.value_counts(['cat', 'user'])", "user cat"),
        ("df.astype({'price': 'int'}).qty", "price qty"),
        ("df.groupby(by='cat', sort=False).size()", "cat"),
        ("df.groupby('cat').agg(t=pd.NamedAgg(column='id', aggfunc='sum'))", "id cat"),
        ("df.groupby('cat').groups", "cat"),
        ("df.loc[1:3, 'qty'].sum()", "qty"),
        ("df[['price', *['qty']]]", "price qty"),
        ("df.sort_values('price').head(5)[['id']]", "id price"),
        ("df.drop_duplicates('user').reset_index(drop=True).user", "user"),
        ("df.rename(columns={'price': 'p'}).p.sum()", "price"),
        ("model.partial_fit(df[['price', 'qty']], df['cat'])", "cat price qty"),
        ("x = df.price.sum()\nprint('df', x)", "price"),
        ("for name in ('a', 'b'):\n    print(df.price)", "price"),
        ("for name in ('id', 'qty'):\n    print(df[name].sum())", "id qty"),
        ("{c: df[c].max() for c in ['id', 'qty']}", "id qty"),
        ("keys = ['id', 'qty']\ndf[keys].sum()", "id qty"),
    ],
)
def test_pandas(code: str, expected: str) -> None:
    """A cell in the common forms of pandas only reads its columns."""
    assert find(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("df['price'].sum()", "price"),
        ("df.height", ""),
        ("df.select(pl.col('price') * pl.col('qty'))", "price qty"),
        ("df.select('price', 'qty').sum()", "price qty"),
        ("df.select(pl.col.price.cast(pl.Float64).sum())", "price"),
        ("df.filter(pl.col('price') > 5).select(pl.len())", "price"),
        ("df.filter(cat='a').select(pl.col('id').max())", "id cat"),
        ("df.group_by('cat').agg(pl.col('price').sum().alias('r'))", "cat price"),
        (
            "df.group_by('cat').agg(r=pl.col('price').filter(qty=1).sum())",
            "cat price qty",
        ),
        ("df.with_columns(r=pl.col('price') * 2).select('r')", "price"),
        ("df.filter(pl.col('price') > 2 * 3)['id']", "id price"),
        ("df.select([pl.col(c).sum() for c in ['id', 'qty']])", "id qty"),
        ("df.select(pl.col(c).sum() for c in ('id', 'qty'))", "id qty"),
        ("df.filter(pl.col('cat').str.contains('^a')).height", "cat"),
        ("df.lazy().filter(pl.col('id') > 2).select('qty').collect()", "id qty"),
        (
            "df.select(pl.when(pl.col('qty') > 1).then(pl.col('price')).otherwise(0))",
            "price qty",
        ),
        ("df.select(pl.col('price').sum().over('cat'))", "cat price"),
        ("x = df.group_by('cat').agg(pl.col('id').max())\nx", "id cat"),
        ("df[1:3]['id']", "id"),
        ("df.shape[0]", ""),
        ("df.get_column('id')", "id"),
        ("df.drop_nulls('price')['id']", "id price"),
        ("df.drop_nulls(subset='price')['id']", "id price"),
        ("df.sort('price', descending=True)['id']", "id price"),
        ("df.group_by('cat', maintain_order=True).len()", "cat"),
        ("df.select({'id', 'qty'})", "id qty"),
        ("df.select((pl.col('id'), 'qty'))", "id qty"),
        ("df.select(*['id', 'qty'])", "id qty"),
        ("df.select(pl.when(qty=1).then('price'))", "price qty"),
        ("df.select(pl.struct(pl.col('id'), t='price'))", "id price"),
        ("df.select(pl.lit(df['price'].max()))", "price"),
        ("df.select(pl.date(2020, 1, pl.col('qty')))", "qty"),
        ("df.select(pl.col('price').map_elements(f, return_dtype=pl.Int64))", "price"),
        ("df.select(pl.col('cat').replace({'a': pl.col('user')}))", "user cat"),
        ("df.select(pl.col('cat').name.suffix('_x'))", "cat"),
        ("df.select(pl.col('id').over('cat', order_by='price'))", "id cat price"),
        ("df.filter(pl.col('id').is_in(df['qty']))['id']", "id qty"),
        ("df.filter(pl.col('id') > dt.date(2020, 1, 1))['id']", "id"),
        ("df.filter(pl.col('price') > df['price'].mean())['id']", "id price"),
    ],
)
def test_polars(code: str, expected: str) -> None:
    """A cell in the common forms of polars only reads its columns."""
    assert find(code, {"dt": dt}, backend="polars") == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("df.column('price')", "price"),
        ("pc.sum(df['price'])", "price"),
        ("df.num_rows", ""),
        ("df.filter(pc.greater(df['price'], 5))['qty']", "price qty"),
        ("df.filter(pc.field('price') > 5).select(['qty'])", "price qty"),
        ("df.filter(pc.field('price') > limit).select(['qty'])", "price qty"),
        ("df.group_by('cat').aggregate([('price', 'sum')])", "cat price"),
        ("df.group_by(['cat', 'user']).aggregate([([], 'count_all')])", "user cat"),
        ("df[1:3]['qty']", "qty"),
        ("df.slice(1, length=2)['qty']", "qty"),
        ("df.shape[0]", ""),
        ("df.take(df['id'])['qty']", "id qty"),
        ("df.sort_by('price')['qty']", "price qty"),
        ("df.sort_by([('price', 'descending')])['qty']", "price qty"),
        (
            "df.filter(~(pc.field('price') > 5) & (pc.field('id') < 3))['qty']",
            "id price qty",
        ),
    ],
)
def test_arrow(code: str, expected: str) -> None:
    """A cell in the common forms of pyarrow only reads its columns."""
    assert find(code, {"limit": 5}, backend="arrow") == expected


@pytest.mark.parametrize(
    "condition",
    [
        "[pc.field('price') > 5][0]",
        "pc.field('price') if x else 0",
        "f(pc.field(1))",
        "pc.field('price') > unknown",
        "pc.field(unknown) > 5",
        "pc.field('price', unknown) > 5",
        "pc.field('price') > 5 * pc.scalar(1)",
    ],
)
def test_arrow_expression_that_is_not_followed(condition: str) -> None:
    """A filter may read any column if one of its parts is not understood."""
    assert find(f"df.filter({condition}).select(['qty'])", backend="arrow") is None


@pytest.mark.parametrize(
    "code",
    [
        "df['price'] = 1",
        "df[['price']]",
        "df[name]",
        "df.num_columns",
        "df.shape[1]",
        "df.select('price')",
        "df.column(['price'])",
        "df.column(0)",
        "df.sort_by(['price'])['qty']",
        "df.sort_by([('price',)])['qty']",
        "df.sort_by([(name, 'ascending')])['qty']",
        "df.sort_by('price', null_placement='at_end')['qty']",
        "df.group_by('cat')['price']",
        "df.group_by('cat').keys",
        "df.group_by('cat').sum([('price', 'sum')])",
        "df.group_by('cat').slice(1)",
        "df.group_by('cat').aggregate(sums)",
        "df.group_by('cat').aggregate(['price'])",
        "df.group_by('cat').aggregate([()])",
        "df.group_by('cat').aggregate([(name, 'sum')])",
        "df.filter(pc.greater(df['price'], f))['qty']",
        "df.drop_columns('price')['qty']",
    ],
)
def test_all_columns_of_arrow(code: str) -> None:
    """Selections by position, and forms that are not modelled, read all columns."""
    assert find(code, backend="arrow") is None


@pytest.mark.parametrize(
    "code",
    [
        "df",
        "x = df",
        "x = df[df.price > 2]",
        "f(df)",
        "[df]",
        "f'{df}'",
        "df if x else None",
        "df[name]",
        "df[['price', name]]",
        "df[['price', *name]]",
        "df[['price', *'qty']]",
        "df[lambda d, e: d.price > 1].qty",
        "df[lambda d, /: d.price > 1].qty",
        "name = name\ndf[name]",
        "try:\n    df[df.price].qty\nexcept KeyError:\n    pass",
        "df[df.price > 99]",
        "df[f(df.price)].qty",
        "df.loc[:, name]",
        "df.loc[df.price > 5]",
        "df.loc[5].price",
        "df.loc[df.price > 5, 'qty', 0]",
        "df.loc[df.price > 5, name]",
        "df.loc[df.price > 5, 'id':]",
        "df.loc[df.price > 5] = 0",
        "df.loc[df.price > 5, :] = 0",
        "df.loc[5, ['price', 'qty']]",
        "df.loc[lambda d: d.notna().sum(axis=1) > 3, 'qty'].sum()",
        "df.sum()",
        "df.max",
        "df.max()",
        "df.agg('sum')",
        "df.agg(['sum'])",
        # Its new names depend on the number of columns.
        "df.pivot_table(index='cat', values='qty', aggfunc='sum')",
        "df.columns",
        "df.shape",
        "df.shape[1]",
        "df.shape[True]",
        "df.index = rows",
        "df.empty",
        "df.fillna(0).price",
        "df.dropna().price",
        "df.drop_duplicates().price",
        "df.sample(frac=0.5, weights='price').qty",
        "df.sample(5, None, False, 'price').qty",
        "df.sample(*how).qty",
        "df.head(df).qty",
        "df.sort_index(axis=1).qty",
        "df.nlargest(3).id",
        "df.sort_values('price', axis=1).id",
        "df.sort_values(by=name).id",
        "df.duplicated()",
        "df.astype('int').qty",
        "df.astype({'price': 'int'}, copy=False).qty",
        "df.assign({'qty': 1}).qty.sum()",
        "df.rename(columns=names).qty",
        "df.rename(columns={'price': name}).qty",
        "df.rename(columns={'price': ['p']}).qty",
        "df.rename(columns={'price': 'p'}, index=f).qty",
        "df.reset_index().qty",
        "df.reset_index(drop=False).qty",
        "df.reset_index(drop=True, level=0).qty",
        "df.groupby('cat').sum()",
        "df.groupby('cat').max.sum()",
        "df.groupby('cat')",
        "df.groupby('cat').agg('sum')",
        "df.groupby('cat').agg()",
        "df.groupby('cat').agg(t='sum')",
        "df.groupby('cat').agg(t=(['price'], 'sum'))",
        "df.groupby('cat').agg(t=(name, 'sum'))",
        "df.groupby('cat').agg({'price': 'sum'}, t=('qty', 'sum'))",
        "df.groupby('cat').agg(t=pd.NamedAgg('price', 'sum'))",
        "df.groupby()",
        "df.groupby('cat', by='user').size()",
        "df.groupby('cat', axis=1).size()",
        "df.groupby('cat')[name].sum()",
        "df.groupby('cat')[['price']][['price']].sum()",
        "df.groupby(pd.Grouper(freq='D')).price.sum()",
        "df.groupby(pd.Grouper(key=name)).price.sum()",
        "df.groupby(pd.Grouper(key='id', axis=1)).price.sum()",
        "df.groupby(pd.Grouper(key=['id'])).price.sum()",
        "df.groupby('cat').apply(lambda g: g.price.sum())",
        "df.groupby('cat')[['price']].obj",
        "df.groupby('cat')[['price']].pipe(f)",
        "df.groupby(lambda i: i % 2).price.sum()",
        "df.groupby(keys).price.sum()",
        "df.missing",
        "df['missing']",
        "df['price', 'qty']",
        "for row in df: pass",
        "for g, rows in df.groupby('cat'): pass",
        "for df in [df.price]: print(df.sum())",
        "df = df.price\ndf.sum()",
        "def f(df):\n    return df.price\nf(1)",
        "len = f\nlen(df)",
        "df.r = df.price\ndf.r.max()",
        "df.r = 2\ndf.assign(r=3).r.sum()",
        "df.assign(r=f).r.sum()",
        "df.assign(**{'qty': lambda d: d.sum(axis=1)}).qty.sum()",
        "df.assign(r=lambda d: d.sum(axis=1)).r.sum()",
        "df.assign(r=lambda d: d).price",
        "df.apply(lambda row: row.price)",
        "df.query('price > 5').qty",
        "eval('df.price')",
        "locals()['df'].price",
        "df.price\nget_ipython().run_line_magic('who', '')",
        "df.price\ncon.sql('select * from other')",
        "df.price\nother.filter('@df.qty > 3')",
        "x = 1",
    ],
)
def test_all_columns_of_pandas(code: str) -> None:
    """A form that is not modelled reads all columns."""
    assert find(code) is None


@pytest.mark.parametrize(
    "code",
    [
        "df.price",
        "df[name]",
        "df.width",
        "df.height = 3",
        "df['id'] = 3",
        "df.shape[1]",
        "df.get_column(name)",
        "df.get_column('id', default=None)",
        "df.drop_nulls()['id']",
        "df.head(3, x=1)['id']",
        "df.group_by('cat').len('n')",
        "df.group_by('cat').len(name='n')",
        "df.select(pl.col())",
        "df.select(pl.col(name='price'))",
        "df.select(pl.col(name))",
        "df.select(pl.col._x)",
        "df.select(pl.cols.price)",
        "df.select(others.col.price)",
        "df.select({'id': 1})",
        "df.select(pl.count())",
        "df.select(f('id'))",
        "df.select(pl.col('cat').replace({**names}))",
        "df.select(pl.col('cat').name.map(f))",
        "df.select(pl.col('price').map_elements(lambda x: df))",
        "x = df['cat'].max()\ndf.select(x)",
        "x = df['cat'].pipe(f)\ndf.select(x)",
        "df.select(pl.all())",
        "df.select(pl.col('^p.*$'))",
        "df.select(pl.col('*'))",
        "df.select(pl.col(pl.Int64, pl.Float64))",
        "df.select(pl.first())",
        "df.select(pl.max('*'))",
        "df.select(pl.col('price').pipe(f))",
        "df.select(expression)",
        "df.select('i' + 'd')",
        "df.select([pl.col(c) for c in names])",
        "df.select([pl.col(df) for df in ['id']])",
        "df.select([pl.col(c) for c in df.columns])",
        "df.select(cs.numeric())",
        "df.with_columns(pl.all() * 2)['price']",
        "df.group_by('cat').sum()",
        "df.group_by('cat').agg(pl.all().sum())",
        "df.rename({'price': 'qty'})['qty']",
        "df.unique()['price']",
        "pl.sql('select * from df')",
    ],
)
def test_all_columns_of_polars(code: str) -> None:
    """Selections by type, pattern or position, and other methods, read all columns."""
    assert find(code, backend="polars") is None


@pytest.mark.parametrize(
    "made",
    [
        "x = f'^{start}.*$'",
        "x = '^' + start + '.*$'",
        "x = '^P.*$'.lower()",
        "x = '**'[:1]",
        "x = [f'^{each}.*$' for each in ['p', 'q']]",
        "x = 3\nif df.height > 2:\n    x = start + start",
        "x = df['cat'][0]",
    ],
)
@pytest.mark.parametrize(
    "use",
    [
        "df.select(x)",
        "df.select(pl.sum(x))",
        "df.select(x + x)",
        "df.group_by('cat').agg(pl.sum(x))",
        "df.select(pl.col('id').sort_by(x))",
    ],
)
def test_texts_that_a_cell_makes(made: str, use: str) -> None:
    """A text that is made by the cell can be a pattern, so all columns are read."""
    assert find(f"{made}\n{use}", {"start": "p"}, backend="polars") is None


@pytest.mark.parametrize(
    "made",
    [
        "x = 3",
        "x = 2 * len(df)",
        "x = df.height - start",
        "x = [1, start]",
        "x = 1\nx += 1",
        "x = -1\nif start > 2:\n    x = start",
    ],
)
def test_numbers_that_a_cell_makes(made: str) -> None:
    """A variable that can only be a number names no column of polars."""
    code = f"{made}\ndf.filter(pl.col('id').is_in(x))['id']"
    assert find(code, {"start": 2}, backend="polars") == "id"


def test_no_form_is_shared_by_name() -> None:
    """The forms of a backend do not apply to others; numpy arrays have none."""
    assert find("df.groupby('cat').price.sum()", backend="polars") is None
    assert find("df.select('price')") is None
    assert find("df.column('price')") is None
    assert find("df['price']", backend="numpy") is None


def test_variables() -> None:
    """A constant variable is followed, but not one that the cell could change."""
    namespace = {"keys": ["cat", "user"], "name": "qty", "aggs": {"price": "sum"}}
    assert find("df.groupby(keys)[name].sum()", namespace) == "user cat qty"
    assert find("df.groupby(keys).agg(aggs)", namespace) == "user cat price"
    assert find("df[[*keys, name]].sum()", namespace) == "user cat qty"
    assert find("keys.append('id')\ndf[keys].sum()", namespace) is None
    assert find("keys += ['id']\ndf[keys].sum()", namespace) is None
    assert find("name = 'id'\ndf[name].sum()", namespace) == "id qty"
    assert find("df[name].qty", {"name": print}) is None


def test_functions_that_read_the_chunk() -> None:
    """If a function of the notebook reads the chunk by name, all columns are read."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("def of_the_chunk(): return df.id", namespace)
    assert find("df.price + of_the_chunk()", namespace) is None
    exec("def of_the_chunk(): return (lambda: df.id)()", namespace)
    assert find("df.price + of_the_chunk()", namespace) is None
    exec("class Reader:\n    @property\n    def read(self): return df.id", namespace)
    del namespace["of_the_chunk"]
    assert find("df.price + Reader().read", namespace) is None
    del namespace["Reader"]
    assert find("df.price", namespace) == "price"


@pytest.mark.parametrize(
    "code",
    [
        "import functools\n@functools.lru_cache\ndef read(): return df.id",
        "import functools\nread = functools.partial(lambda: df.id)",
        "import types\nread = types.SimpleNamespace(read=lambda: df.id)",
        "class read(ABC):\n    @staticmethod\n    def of(): return df.id",
        "class Held: pass\nread = Held()\nread.of = lambda: df.id",
        "read = {'a': [lambda: df.id]}",
        """
def read():
    def one(): return other
    def other(): return one(), df
""",
        """
def make():
    def one(): return other
    def other(): return one()
    return one
read = make()
def hidden(): return df.id
""",
    ],
)
def test_functions_held_by_objects(code: str) -> None:
    """Functions held by other objects, or by each other, are found."""
    namespace: dict[str, Any] = {"__name__": "__main__", "ABC": abc.ABC}
    exec(code, namespace)
    assert find("df.price\nread()", namespace) is None


def test_functions_that_set_variables() -> None:
    """A variable that a function of the notebook sets is not followed."""
    namespace: dict[str, Any] = {"__name__": "__main__", "rate": 2}
    cell = "change()\ndf.assign(r=rate).r.sum()"
    exec("def change():\n    global other\n    other = max", namespace)
    assert find(cell, namespace) == ""
    exec("def change():\n    global rate\n    rate = lambda d: d.id", namespace)
    assert find(cell, namespace) is None


def test_strings_that_name_the_chunk() -> None:
    """A string with the chunk's name may be run as code, wherever it is."""
    namespace: dict[str, Any] = {"__name__": "__main__", "f": str}
    assert find("df.price\nf('other')", namespace) == "price"
    assert find("df.price\nf('select * from df')", namespace) is None
    assert find("df.price\nf(f'{1} df')", namespace) is None
    assert find("df.price\nf(q)", {**namespace, "q": ["select qty from df"]}) is None
    exec("def run(): return f('from df')", namespace)
    assert find("df.price\nrun()", namespace) is None
    exec("def run(): return eval('d{}'.format('f'))", namespace)
    assert find("df.price\nrun()", namespace) is None
    exec("def other(): return run()", namespace)
    assert find("df.price\nother()", namespace) is None
    assert find("df.price", namespace) == "price"


def test_libraries_that_look_up_variables() -> None:
    """A cell in which a library could look up the chunk reads all columns."""
    duckdb = importlib.import_module("duckdb")
    connection = duckdb.connect()
    assert find("df.price\nduckdb.table('v')", {"duckdb": duckdb}) is None
    assert find("df.price\ncon.table('v')", {"con": connection}) is None
    assert find("import duckdb\ndf.price", {}) is None
    connection.close()


def test_errors_that_are_caught() -> None:
    """A cell that could hide the frame's error reads all columns in doubt."""
    around = "try:\n    {}\nexcept KeyError:\n    pass"
    keys = {"keys": ["qty"]}
    for code in ("df[df.cat].price", "df[keys].sum()"):
        assert find(code, keys) is not None
        assert find(around.format(code), keys) is None
    assert find(around.format("df[df.qty > 3].price")) == "price qty"


def test_names_in_the_data_of_polars() -> None:
    """A name that comes from the data is not followed, except as a value."""
    around = "try:\n    {}\nexcept Exception:\n    pass"
    for method in ("max()", "min()", "first()", "last()", "mode()[0]"):
        before = f"name = df['cat'].{method}\n"
        for code in (
            "df.select(name)",
            "df.select(pl.sum(name))",
            "df.sort(name)",
            "df.group_by(name).len()",
            "df.select(pl.col('qty').over(name))",
            "df.select(name + name)",
        ):
            assert find(before + code, backend="polars") is None
            assert find(before + around.format(code), backend="polars") is None
        value = before + "df.filter(pl.col('qty') == name).height"
        assert find(value, backend="polars") == "cat qty"
    series = "name = df['cat'].unique()\n"
    assert find(series + "df.select(name)", backend="polars") == "cat"
    assert find(series + around.format("df.select(name)"), backend="polars") is None


def test_deep_code() -> None:
    """An expression too deep to follow reads all columns."""
    assert find(" + ".join(["df.price"] * 900)) in {None, "price"}


def test_nothing_is_imported() -> None:
    """Analysing the code imports no library."""
    before = set(sys.modules)
    find("df.select(pl.col('price'))", backend="polars")
    assert set(sys.modules) == before
