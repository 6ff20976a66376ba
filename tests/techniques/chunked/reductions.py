"""Generates cells whose values add up over chunks, and cells whose values do not."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


# Expressions over a column, row by row; <n> is a small number.
COLUMNS = _lines(
    """
    df.v
    df.q
    df.v * df.q
    (df.v + <n>)
    df.v.abs()
    df.v.clip(0, <n>)
    (df.v > <n>).astype(int)
    np.log1p(df.v.abs())
    df.q ** 2
    df.v.fillna(<n>)
    df.v.where(df.q > <n>, 0)
    df.v.map(lambda x: x * <n>)
    (df.v - df.q)
    df.m
    df['v'].round(1)
    df.t.dt.hour
    df.q.astype(float)
    df.m.fillna(0)
    """
)

FILTERS = ("", "", "", "df = df[df.q > <n>]\n", "df = df.query('v > <n>')\n")
KEYS = ("'k'", "'g'", "['k']", "['k', 'g']", "'s'", "['s', 'k']")

# By reduction, cells that give the value of the whole; <X>, <Y> are columns, <K> keys.
ADDING = {
    "sum": _lines(
        """
        (<X>).sum()
        (<X>).count()
        len(df)
        len((<X>).dropna())
        df.shape[0]
        float((<X>).sum())
        (<X>).sum() * <n> - (<Y>).sum()
        (<X>).isna().sum()
        df.groupby(<K>).v.sum()
        df.groupby(<K>).size()
        df.groupby(<K>)[['v', 'q']].sum()
        df.groupby(<K>).agg(a=('v', 'sum'), b=('q', 'count'))
        df.k.value_counts()
        df.groupby(<K>, as_index=False).v.sum()
        df.groupby(<K>).q.sum().reset_index()
        df.groupby(<K>, as_index=False).agg({'q': 'sum', 'v': 'count'})
        Counter(df.s)
        df.assign(r=<X>).groupby(<K>).r.sum()
        df.groupby(<K>, dropna=False).q.sum()
        df[['v', 'q']].sum()
        (<X>).agg(['sum', 'count'])
        pd.crosstab(df.k, df.g)
        df.pivot_table(index='k', columns='g', values='v', aggfunc='sum')
        df.isna().sum()
        np.histogram(df.v, bins=[0, 1, 5, <n> + 6])[0]
        np.bincount(df.k, minlength=9)
        df.groupby(<K>).v.sum().to_dict()
        {k: len(p) for k, p in df.groupby('k')}
        np.nansum(df.m) + <n> * len(df)
        df.v.to_numpy() @ df.q.to_numpy()
        sum(df.q)
        (<X>).gt(<n>).sum()
        df.groupby(df.t.dt.date).q.sum()
        (df.s == 'a').sum()
        np.where(df.q > <n>, df.v, 0).sum()
        df.groupby('k').q.sum().reindex(range(9))
        df.groupby(pd.cut(df.v, [0, 1, 5, 99]), observed=True).q.sum()
        df.s.str.len().sum()
        df.groupby(<K>).m.count()
        df.s.value_counts().to_dict()
        df.memory_usage().q
        (df.q.to_numpy()[:, None] * np.ones(3)).sum(axis=0)
        df.q.sum() / <n>
        """
    ),
    "max": _lines(
        """
        (<X>).max()
        df.groupby(<K>).v.max()
        df.q.max() + <n>
        df.t.max()
        """
    ),
    "min": _lines(
        """
        (<X>).min()
        df.groupby(<K>)[['v', 'm']].min()
        df.s.min()
        -df.q.max()
        """
    ),
    "count": _lines(
        """
        df[df.q > <n>]
        (<X>).dropna()
        df.v[df.q == <n>].to_list()
        """
    ),
    "union": _lines(
        """
        df.k.unique()
        set(df.s)
        df.m.unique()
        df.loc[df.q > <n>, 'k']
        """
    ),
}

# Cells that do not, none of them by a name in the lists.
NOT_ADDING = {
    "sum": _lines(
        """
        (<X>).sum() ** 2
        np.sqrt(abs((<X>).sum()))
        (<X>).sum() + <n>
        np.ptp(df.v)
        (<X>).max()
        (<X> - (<X>).min()).sum()
        len(set(df.k))
        df.k.drop_duplicates().size
        np.unique(df.s).size
        len(df.columns)
        (<X>).diff().abs().sum()
        (<X>).cumsum().sum()
        df.q.shift().eq(df.q).sum()
        sorted(df.v)[<n>]
        df.v.to_numpy()[len(df) // 2]
        df.q.to_numpy()[-1]
        df.groupby(<K>).size().max()
        (df.groupby(<K>).v.sum() > 20).sum()
        len(df.groupby(<K>))
        ((<X>) > (<X>).sum() / len(df)).sum()
        df.groupby(<K>).v.max()
        df.groupby(<K>).ngroups
        np.linalg.norm(df.v)
        df.q.rolling(3).sum().sum()
        df.k.duplicated().sum()
        df.drop_duplicates('k').v.sum()
        (df.groupby(<K>).v.sum() ** 2)
        df.q.prod() + <n>
        (<X>).sum() * (<Y>).sum()
        np.dot(df.v, np.arange(len(df)))
        np.log(len(df))
        pd.cut(df.v, 4, labels=False).sum()
        df.groupby(<K>).cumcount().sum()
        df.v.where(df.v > df.v.max() / 2).sum()
        df.sort_values('v').q.to_numpy()[:5].sum()
        df.groupby(<K>).q.agg(lambda g: g.max() - g.min())
        df.q.factorize()[0].sum()
        (df.v / df.v.sum()).pow(2).sum()
        df.q.interpolate().shift(1).sum()
        df.index.max()
        np.average(df.v, weights=df.q + 1)
        df.q.mask(df.q.eq(df.q.min()), 99).sum()
        round(sum(df.v) / len(df), 2)
        df.groupby(<K>).v.sum().max()
        int(df.v.sum()) // 7
        df.v.sum() % 5
        df.assign(r=range(len(df))).r.sum()
        (df.v - 3).cumsum().max()
        df.v.max() - df.v.min()
        1.5 + <n>
        """
    ),
    "count": _lines(
        """
        df.k.unique()
        set(df.s)
        df.drop_duplicates('k')
        df.groupby(<K>).v.sum()
        """
    ),
    "max": _lines(
        """
        (<X>).sum()
        len(df)
        df.groupby(<K>).size()
        df.q.max() - df.q.sum()
        """
    ),
    "min": _lines(
        """
        (<X>).abs().sum() * -1
        df.k.value_counts() * -1
        -len(df)
        """
    ),
    "union": _lines(
        """
        [(<X>).sum()]
        {len(df)}
        df.v.cumsum()
        [df.q.min()]
        """
    ),
    "merge": _lines(
        """
        df.groupby('k').v.sum().to_dict()
        {'n': len(df)}
        df.k.value_counts().to_dict()
        """
    ),
}


def make_cells(
    kinds: Mapping[str, tuple[str, ...]], count: int, seed: int
) -> list[tuple[str, str]]:
    """Return reductions with different cells of these forms."""
    draw = random.Random(seed)
    ops = [op for op, forms in kinds.items() for _ in forms]
    cells: dict[tuple[str, str], None] = {}
    while len(cells) < count:
        op = draw.choice(ops)
        cell = draw.choice(FILTERS) + draw.choice(kinds[op])
        for place, choices in (("<X>", COLUMNS), ("<Y>", COLUMNS), ("<K>", KEYS)):
            cell = cell.replace(place, draw.choice(choices))
        cells[op, cell.replace("<n>", str(draw.randint(1, 4)))] = None
    return list(cells)


def make_table(seed: int, rows: int = 1_000) -> pd.DataFrame:
    """Return a table of numbers, keys, texts, times and missing values."""
    rng: Any = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "k": rng.integers(0, 9, rows),
            "g": rng.integers(2000, 2005, rows),
            "v": rng.gamma(2, 3, rows).round(2) * rng.choice([1, 1, 1, -1], rows),
            "q": rng.integers(0, 12, rows),
            "m": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(5, 2, rows)),
            "s": rng.choice(["a", "b", "cc", "d d"], rows),
            "t": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 900, rows), unit="h"),
        }
    )
