"""Draws cells over a chunk from a grammar of common code.

In a template, ``{X}`` stands for any expansion of the rule ``X``. The names of columns
include those of methods, types and keywords of Python.
"""

from __future__ import annotations

import functools
import keyword
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import strategies as st

NAMES = (
    *("k", "q", "p", "store", "day", "flag", "z", "x", "d", "a b", "2nd"),
    *("max", "min", "count", "size", "index", "columns", "values", "shape", "T"),
    *("sum", "mean", "first", "all", "name", "len", "lit", "col", "loc", "str"),
    *("dtype", "int64", "Int64", "Float64", "object", "float64", "mode", "items"),
    *("class", "lambda", "for", "None", "chunk", "keys", "row_total", "agg"),
    *("pop", "head", "level_0", "literal", "height", "^q.*$", "*", "_mgr", "group"),
)

_COMMON = {
    "C": ("{col}", "{col}", "{col}", "{col}", "name", "{word}", "'missing'"),
    "col": ("{column}",),
    "N": ("0", "1", "2", "5", "-1", "limit", "0.5"),
    "L": (
        *("[{C}]", "[{C}, {C}]", "[{col}, {col}]", "keys", "[*keys, {col}]"),
        *("[name, {col}]", "words", "some"),
    ),
}

PANDAS: Mapping[str, tuple[str, ...]] = {
    **_COMMON,
    # The frame, or rows of it.
    "F": (
        *("chunk",) * 40,
        *("chunk[{M}]", "chunk.loc[{M}]", "chunk.assign({new}={S})") * 3,
        *("chunk.assign({new}=lambda d: {D})", "chunk.sort_values({C})") * 2,
        *("chunk.dropna(subset={L})", "chunk.head(3)", "chunk.set_index({C})") * 2,
        "chunk.head({N})",
        "chunk.tail(3)",
        "chunk[1:4]",
        "chunk[:2]",
        "chunk.copy()",
        "chunk.sample(2, random_state=0)",
        "chunk.sample(frac=0.5, random_state=0, weights={C})",
        "chunk.sort_values({C})",
        "chunk.sort_values({L}, ascending=False)",
        "chunk.sort_values(by={C}, key=lambda s: s.astype(str))",
        "chunk.sort_index()",
        "chunk.dropna(subset={L})",
        "chunk.dropna(subset={L}, how='all')",
        "chunk.dropna()",
        "chunk.drop_duplicates({L})",
        "chunk.drop_duplicates(subset={C}, keep='last')",
        "chunk.drop_duplicates()",
        "chunk.fillna(0)",
        "chunk.set_index({C})",
        "chunk.set_index({L})",
        "chunk.reset_index(drop=True)",
        "chunk.reset_index()",
        "chunk.assign({new}={S})",
        "chunk.assign({new}=lambda d: {D})",
        "chunk.assign({new}=row_total)",
        "chunk.assign({new}=box.f)",
        "chunk.assign({new}={N})",
        "chunk.assign({new}=np.where({M}, 1, 0))",
        "chunk.assign(**{{{C}: 1}})",
        "chunk.rename(columns={{{C}: {C}}})",
        "chunk.rename(columns=str.upper)",
        "chunk.astype({{{C}: 'str'}})",
        "chunk.astype(str)",
        "chunk.drop(columns={L})",
        "chunk.drop({C}, axis=1)",
        "chunk.nlargest(2, {C})",
        "chunk.nsmallest(2, {L})",
        "chunk.query('{word} > 1')",
        "chunk.filter(like='a')",
        "chunk.filter(items={L})",
        "chunk.select_dtypes('number')",
        "chunk.groupby({G}).head(1)",
        "chunk.pipe(lambda d: d)",
        "chunk.pipe(keep)",
        "chunk.where({M})",
        "chunk.loc[lambda d: {DM}]",
        "chunk[lambda d: {DM}]",
        "chunk.loc[:, :]",
        "chunk.loc[[0, 1]]",
        "chunk.iloc[:3]",
        "(chunk if limit else chunk)",
        "chunk.T.T",
        "chunk.merge(other, on={C}, how='left')",
        "chunk.join(other, rsuffix='_y')",
        "chunk.clip(0, 3)",
        "chunk.explode({C})",
    ),
    # A column.
    "S": (
        *("{F}[{C}]",) * 16,
        *("{F}.{attr}",) * 16,
        "{F}.loc[{M}, {C}]",
        "{F}.loc[:, {C}]",
        "{F}.loc[lambda d: {DM}, {C}]",
        "{F}.get({C})",
        "{F}.pop({C})",
        "{F}.eval('{word}')",
        "({S} + {S})",
        "({S} * {N})",
        "{S}.fillna(0)",
        "{S}.astype(str)",
        "{S}.astype(str).str.upper()",
        "{S}.map(lambda v: v)",
        "{S}.map(str)",
        "{S}.shift()",
        "{S}.rank()",
        "{S}.iloc[:2]",
        "{S}.where({M})",
        "pd.to_numeric({S}, errors='coerce')",
        "pd.to_datetime({S}).dt.year",
        "np.sqrt({S})",
        "{F}.groupby({G})[{C}].transform('sum')",
        "{F}.index",
        "{F}.max",
        "getattr({F}, {C})",
        "{F}.sum(axis=1)",
        "{F}.apply(lambda row: row.iloc[0], axis=1)",
        "(part := {S})",
    ),
    # The frame that a lambda gets.
    "D": (
        *("d[{C}]", "d.{attr}", "d[{C}] * 2", "d.{attr} + d[{C}]", "d.sum(axis=1)"),
        *("d.shape[1]", "len(d)", "d.index", "(d := 3)", "[d for d in (1,)][0]", "d"),
        *(
            "d.loc[d[{C}].notna(), {C}]",
            "(lambda d: d)(2)",
            "chunk[{C}]",
            "row_total(d)",
        ),
    ),
    "DM": (
        *("d[{C}] > {N}", "d.{attr}.notna()", "d.notna().sum(axis=1) > 1"),
        *("~d[{C}].isna()", "(d[{C}] == {N}) | (d.{attr} == {N})", "d.any(axis=1)"),
    ),
    "M": (
        *("{S} > {N}", "{S} == {N}", "{S}.notna()", "{S}.isin([1, 'k', 'q'])") * 4,
        *("({S}.notna() & ({S} > {N}))", "~{S}.isna()", "{S}.between(0, 3)", "{S}"),
        *("({S} != {N}) | {S}.isna()", "np.isfinite({S})", "{S} > {S}.mean()"),
        *("{S}.astype(str).str.contains('k')", "chunk.duplicated({L})", "mask"),
        *("chunk.isna().any(axis=1)", "choose({S})", "chunk.eval('{word} > 1')"),
        *("other.eval('@chunk.{word} > 1')",),
    ),
    # Group keys.
    "G": (
        *("{C}",) * 20,
        *("[{C}]", "[{C}, {C}]", "{C}, as_index=False", "[{C}, {S}]", "{S}") * 4,
        *("[{C}]", "[{C}, {C}]", "keys", "name", "words"),
        *("{S}", "[{C}, {S}]", "chunk.index // 2", "lambda i: i % 2", "{M}"),
        *("pd.Grouper(key={C})", "{S}.tolist()", "level=0", "by={C}", "by=[{S}]"),
        *("{C}, as_index=False", "{L}, sort=False", "{C}, observed=True, dropna=False"),
        *("pd.to_datetime({S}).dt.year", "labels"),
    ),
    "stat": (
        *("sum()", "max()", "mean()", "count()", "nunique()", "first()", "size()"),
        *("agg('sum')", "agg(['sum', 'count'])", "agg(lambda s: len(s))", "std()"),
        *("describe()", "value_counts()", "apply(len)", "quantile(0.5)", "unique()"),
        *("agg(np.size)", "tolist()", "to_frame()", "head(2)", "cumsum()", "any()"),
    ),
    # The value of a cell.
    "V": (
        *("{S}.{stat}",) * 12,
        *("{F}[{L}].sum()", "{F}.loc[{M}, {L}]", "len({F})", "{F}.shape[0]") * 4,
        *("{F}.groupby({G})[{C}].{stat}", "{F}.groupby({G}).{attr}.{stat}") * 4,
        *("{F}.groupby({G})[{L}].sum()", "{F}.groupby({G}).size()") * 3,
        *("{F}.groupby({G}).agg({{{C}: 'sum'}})",) * 4,
        *("{F}.groupby({G}).agg(total=({C}, 'sum'))",) * 4,
        *("{S}",) * 2,
        "len({F})",
        "{F}.shape[0]",
        "{F}.shape",
        "{F}.index.max()",
        "{F}.empty",
        "{F}.columns.tolist()",
        "{F}",
        "{F}[{L}]",
        "{F}[{L}].sum()",
        "{F}[{L}].describe()",
        "{F}.loc[{M}, {L}]",
        "{F}.loc[0, {C}]",
        "{F}.loc[0, {L}]",
        "{F}.loc[0].{attr}",
        "{F}.at[0, {C}]",
        "{F}.iloc[:, 0]",
        "{F}.{stat}",
        "{F}.agg('sum')",
        "{F}.agg({{{C}: 'max'}})",
        "{F}.value_counts({L})",
        "{F}.value_counts()",
        "{F}.duplicated({L}).sum()",
        "{F}.duplicated().sum()",
        "{F}.groupby({G}).{attr}.{stat}",
        "{F}.groupby({G}).{attr}.{stat}",
        "{F}.groupby({G})[{C}].{stat}",
        "{F}.groupby({G})[{C}].{stat}",
        "{F}.groupby({G})[{L}].{stat}",
        "{F}.groupby({G})[{L}].{attr}",
        "{F}.groupby({G})[{L}].obj",
        "{F}.groupby({G}).{stat}",
        "{F}.groupby({G}).{attr}",
        "{F}.groupby({G}).agg({{{C}: 'sum'}})",
        "{F}.groupby({G}).agg({{{C}: ['max', 'count'], {C}: 'first'}})",
        "{F}.groupby({G}).agg({{c: 'max' for c in keys}})",
        "{F}.groupby({G}).agg(aggs)",
        "{F}.groupby({G}).agg({{**aggs}})",
        "{F}.groupby({G}).agg(total=({C}, 'sum'))",
        "{F}.groupby({G}).agg(total=pd.NamedAgg(column={C}, aggfunc='max'))",
        "{F}.groupby({G}).agg(total=({C}, lambda s: s.max()), n=({C}, 'size'))",
        "{F}.groupby({G}).agg('sum')",
        "{F}.groupby({G}).agg(['max'])",
        "{F}.groupby({G}).agg(lambda s: len(s))",
        "{F}.groupby({G}).size()",
        "{F}.groupby({G}).ngroups",
        "{F}.groupby({G}).ngroup()",
        "{F}.groupby({G}).cumcount()",
        "{F}.groupby({G}).groups",
        "len({F}.groupby({G}))",
        "{F}.groupby({G}).apply(lambda g: g[{C}].sum())",
        "{F}.groupby({G}).apply(len)",
        "{F}.groupby({G}).transform('sum')",
        "{F}.groupby({G}).filter(lambda g: len(g) > 1)",
        "{F}.groupby({G}).get_group({N})",
        "{F}.groupby({G}).pipe(lambda g: g.ngroups)",
        "{F}.groupby({G}).{attr}.rolling(2).sum()",
        "{{g: len(d) for g, d in {F}.groupby({C})}}",
        "{F}.pivot_table(index={C}, values={C}, aggfunc='sum')",
        "{F}.pivot_table(index={L}, columns={C}, values={L}, aggfunc='max')",
        "{F}.pivot_table(index={C}, aggfunc='count')",
        "{F}.agg({{{C}: 'sum', {C}: ['max']}})",
        "{F}.loc[{M}, :][{C}]",
        "{F}[{F}.groupby({G}).cumcount() < 1][{C}]",
        "{F}.melt(id_vars={C})",
        "{F}.to_dict('records')",
        "{F}.to_numpy().sum()",
        "{F}.itertuples()",
        "[row[0] for row in {F}.itertuples(index=False)]",
        "[c for c in {F}]",
        "{col} in {F}",
        "isinstance({F}, pd.DataFrame)",
        "{{c: {F}[c].max() for c in {L}}}",
        "[{F}[c].count() for c in ({col}, {col})]",
        "sum({F}[c].count() for c in keys)",
        "(n := {F}[{C}].count()) + n",
        "(lambda: {S})()",
        "(lambda chunk: chunk.sum())({S})",
        "[chunk for chunk in (1, 2)]",
        'f"{{{S}.count()}} of {{len({F})}}"',
        'f"{{{F}}}"',
        "str({F})",
        "row_total({F}).sum()",
        "keep({F})[{C}]",
        "partly(chunk).sum()",
        "reads_chunk()",
        "reader.read()",
        "box.f({F})",
        "read_cached()",
        "spaces.read()",
        "{F}.groupby({G}).{attr}.agg([len, 'max'])",
        "{F}.groupby({G})[{C}].rolling(2).max()",
        "pd.DataFrame({{'a': {S}, 'b': {S}}})",
        "pd.merge({F}[{L}], {F}[{L}], how='cross').shape",
        "{F}[{L}].merge(other, how='left', on={C})",
        "{S}.to_frame().join({S}.rename('y'))",
        "np.average({S}.astype(float), weights=abs({S}) + 1)",
        "list(zip({S}, {S}))",
        "sorted({S}.astype(str))",
        "{S}.groupby([{S}, {S}]).size()",
        "{F}.set_index({C})[{C}].groupby(level=0).sum()",
        "{F}.set_index({C}).loc[{N}]",
        "{F}.sort_values({C}).drop_duplicates({C})[{L}]",
        "{F}.assign(a=1).assign(b=lambda d: d.a)[{C}]",
        "{F}.groupby({G}).head(1)[{C}]",
        "{F}.nlargest(2, {C})[{L}]",
        "(lambda: [{S} for _ in range(2)][0])()",
        "[v for v in {S} if v == v]",
        "{{**{{'n': {S}.count()}}, 'm': len({F})}}",
        "{S}.pipe(lambda s: s.size)",
        "{S}.groupby({S}).sum()",
        "{S}.value_counts().to_dict()",
        "np.histogram({S}, bins=2)[0].tolist()",
        "np.column_stack([{S}, {S}]).shape",
        "pd.concat([{S}, {S}], axis=1).shape",
        "pd.concat([{F}, {F}]).shape",
        "pd.crosstab({S}, {S})",
        "pd.cut({S}, 2).value_counts()",
        "pd.eval('chunk.{word}')",
        "eval('chunk.{word}')",
        "locals()['chunk'].shape",
        "globals()['chunk'].shape",
        "vars()['chunk'].shape",
        "texts['sum']",
        "run_text(texts['sum'])",
        "{F}.corr(numeric_only=True)",
        "{F}.memory_usage().sum()",
        "{F}.dtypes.to_dict()",
        "{F}.info",
        "{F}.notna().all(axis=1).sum()",
        "{F}.select_dtypes('number').sum()",
        "({S}.sum(), {S}.max(), len({F}))",
        "{{'a': {S}.max(), 'n': len(chunk)}}",
        "max({S}.max(), {S}.min())",
        "{S}.max() if len({F}) else 0",
        "other[{C}].sum() + {S}.sum()",
        "model.fit({F}[{L}], {S})",
        "print('chunk', {S}.count())",
        "{F}._mgr",
        "{F}._get_numeric_data().shape",
        "type({F}).__name__",
    ),
    # The statements before it.
    "B": (
        "chunk = {F}",
        "chunk = chunk[{M}]",
        "chunk = chunk.groupby({G}).{attr}.sum()",
        "chunk[{C}] = {S}",
        "chunk[{C}] = 1",
        "chunk['{new}'] = {S} * 2",
        "chunk[{C}] += 1",
        "chunk[{L}] = 0",
        "chunk.{attr} = {S}",
        "chunk.{new} = {S}",
        "chunk.loc[{M}, {C}] = 0",
        "chunk.loc[{M}] = 0",
        "chunk.columns = [str(i) for i in range(len(chunk.columns))]",
        "chunk.index = range(len(chunk))",
        "chunk.insert(0, '{new}', 1)",
        "del chunk[{C}]",
        "chunk.drop(columns={C}, inplace=True)",
        "chunk.dropna(subset={L}, inplace=True)",
        "keys = {L}",
        "keys.append({col})",
        "keys += [{col}]",
        "name = {col}",
        "some = {L}",
        "mask = {M}",
        "mask = {S}",
        "mask = {M}\nmask &= {M}",
        "mask = {col}",
        "mask = {col}\nmask += {col}",
        "part = {S}",
        "part = {F}",
        "part = {F}[{L}]",
        "part = chunk.groupby({G})",
        "try:\n    total = {F}[{S}].{attr}.count()\nexcept Exception:\n    total = 0",
        "try:\n    total = add() + {F}[keys].size\nexcept KeyError:\n    total = 0",
        "with contextlib.suppress(KeyError):\n    total = {F}[{S}].{attr}.sum()",
        "for name in {L}:\n    total += {F}[name].count()",
        "for c in {F}:\n    total += 1",
        "for chunk in [{S}]:\n    total += 1",
        "for i, row in {F}.iterrows():\n    total += len(row)",
        "for g, rows in {F}.groupby({G}):\n    total += rows.size",
        "def f():\n    return {S}.count()\ntotal = f()",
        "def f(d):\n    return d.{attr}\ntotal = f({F})",
        "def f(chunk):\n    return chunk.count()\ntotal = f({S})",
        "class Own:\n    n = {S}.count()",
        "try:\n    total = {S}.sum()\nexcept Exception:\n    total = 0",
        "if {S}.count() > 2:\n    chunk = {F}",
        "with memory() as chunk:\n    pass",
        "import math as chunk",
        "assert len({F}) >= 0",
        "global chunk",
        "(chunk := {F})",
        "len = lambda d: d.shape",
        "a, b = {S}, {F}",
        "total += {S}.count()",
        "match {S}.count():\n    case 0:\n        pass\n    case chunk:\n        pass",
        "label = 'chunk'",
        "del chunk",
    ),
    "new": ("z", "r", "t", "q", "max", "total_2"),
}

POLARS: Mapping[str, tuple[str, ...]] = {
    **_COMMON,
    "E": (
        *("pl.col({C})",) * 30,
        *("pl.col.{attr}",) * 4,
        *("{C}", "{E}.sum()", "{E}.alias('{new}')", "({E} * {N})", "pl.len()") * 3,
        *("pl.when({P}).then({E}).otherwise({E})", "{E}.sum().over({C})") * 2,
        "pl.col({C}, {C})",
        "pl.col({L})",
        "pl.col(name)",
        "pl.col('*')",
        "pl.col('^q.*$')",
        "pl.col(pl.Int64)",
        "pl.col(pl.Int64, pl.Float64)",
        "pl.all()",
        "pl.all().exclude({C})",
        "pl.exclude({C})",
        "pl.nth(0)",
        "pl.first()",
        "pl.last()",
        "pl.first({C})",
        "cs.numeric()",
        "cs.by_name({C})",
        "expression",
        "make()",
        "pl.len()",
        "pl.lit({N})",
        "pl.sum({C})",
        "pl.max({C})",
        "pl.max('*')",
        "pl.mean({L})",
        "pl.count()",
        "pl.sum_horizontal({E}, {E})",
        "pl.sum_horizontal({L})",
        "pl.max_horizontal(pl.all())",
        "pl.concat_str([{E}, {E}], separator='-')",
        "pl.struct({C}, {C})",
        "pl.struct(pl.all()).hash()",
        "pl.when({P}).then({E}).otherwise({E})",
        "pl.when({P}).then(1).otherwise(pl.lit('x'))",
        "pl.coalesce({C}, {E})",
        "pl.corr({C}, {C})",
        "pl.fold(0, lambda a, b: a, [{E}])",
        "pl.sql_expr('{word} + 1')",
        "({E} + {E})",
        "({E} * {N})",
        "({E} - chunk[{C}].mean())",
        "{E}.alias('{new}')",
        "{E}.sum()",
        "{E}.mean().round(2)",
        "{E}.count()",
        "{E}.cast(pl.String)",
        "{C} + {C}",
        "{E}.cast(str).str.to_uppercase()",
        "{E}.cast(str).str.contains('^q.*$')",
        "{E}.cast(str).str.zfill({C})",
        "[pl.col(c) for c in {L}]",
        "[pl.col(c) for c in {L} if c != name]",
        "{E}.fill_null(0)",
        "{E}.fill_null(chunk[{C}].max())",
        "{E}.sum().over({C})",
        "{E}.first().over({L}, order_by={C})",
        "{E}.sort_by({C})",
        "{E}.filter({P})",
        "{E}.filter({word}=1)",
        "{E}.name.suffix('_x')",
        "{E}.name.map(lambda n: n)",
        "{E}.map_elements(lambda v: v, return_dtype=pl.Int64)",
        "{E}.pipe(lambda e: e + 1)",
        "{E}.pipe(widen)",
        "{E}.meta.root_names()",
        "{E}.unique().len()",
        "{E}.rank()",
        "{E}.is_in([1, 'k', {C}])",
        "{E}.cum_sum()",
        "-{E}",
        "chunk[{C}]",
        "[{E}, {E}]",
    ),
    "P": (
        *("{E} > {N}", "{E} == {N}", "{E}.is_not_null()", "{E}.is_in([1, 2])"),
        *("({E} > {N}) & {E}.is_null()", "~{E}.is_null()", "{E} > {E}.mean()"),
        *("{E} == name", "chunk[{C}].is_not_null()", "pl.any_horizontal({E} > 1)"),
    ),
    "F": (
        *("chunk",) * 40,
        *("chunk.filter({P})", "chunk.with_columns({new}={E})") * 5,
        *("chunk.sort({C})", "chunk.lazy()", "chunk.drop_nulls({L})") * 3,
        "chunk.filter({word}=1)",
        "chunk.filter({P}, {P})",
        "chunk.remove({P})",
        "chunk.head(3)",
        "chunk.tail({N})",
        "chunk.limit(2)",
        "chunk.slice(1, 2)",
        "chunk[1:3]",
        "chunk[{N}]",
        "chunk.clone()",
        "chunk.lazy().filter({P}).collect()",
        "chunk.lazy()",
        "chunk.sort({C})",
        "chunk.sort({L}, descending=True)",
        "chunk.sort({E}, {E})",
        "chunk.with_columns({E})",
        "chunk.with_columns({new}={E})",
        "chunk.with_columns({E}.alias('{new}'), {E})",
        "chunk.with_columns([{E}, {E}])",
        "chunk.with_columns(**{{{C}: 1}})",
        "chunk.with_columns(*parts)",
        "chunk.drop_nulls({L})",
        "chunk.drop_nulls(subset={C})",
        "chunk.drop_nulls()",
        "chunk.sample(2, seed=0)",
        "chunk.unique(subset={C}, keep='first', maintain_order=True)",
        "chunk.unique(maintain_order=True)",
        "chunk.rename({{{C}: '{new}'}})",
        "chunk.with_row_index({C})",
        "chunk.drop({C})",
        "chunk.fill_null(0)",
        "chunk.pipe(lambda d: d)",
        "chunk.join(extra, on={C}, how='left')",
        "chunk.select(pl.all())",
        "chunk.cast(pl.String)",
        "chunk.top_k(2, by={C})",
        "chunk.sql('select * from self')",
    ),
    "stat": ("sum()", "max()", "mean()", "n_unique()", "to_list()", "head(2)", "len()"),
    "V": (
        *("{F}.select({E})", "{F}.select({E}, {E})") * 6,
        *("{F}.group_by({C}).agg({E})", "{F}.group_by({E}).agg({E}, {E})") * 6,
        "{F}.select({E}, {E})",
        "{F}.select([{E}, {E}])",
        "{F}.select({new}={E})",
        "{F}.select({L})",
        "{F}.select({C}, {C}).sum()",
        "{F}.select(*parts)",
        "{F}.select({E}).width",
        "{F}[{C}].{stat}",
        "{F}[{C}].{stat}",
        "{F}[{L}]",
        "{F}.get_column({C}).{stat}",
        "{F}.get_columns()[0]",
        "{F}.height",
        "{F}.width",
        "{F}.shape[0]",
        "{F}.shape",
        "len({F})",
        "{F}.columns",
        "{F}.schema",
        "{F}.{attr}",
        "{F}",
        "{F}.sum()",
        "{F}.{stat}",
        "{F}.describe()",
        "{F}.group_by({C}).agg({E})",
        "{F}.group_by({C}).agg({E}, {E})",
        "{F}.group_by({C}, maintain_order=True).agg({new}={E})",
        "{F}.group_by({L}).agg([{E}])",
        "{F}.group_by({E}).agg({E})",
        "{F}.group_by({new}={E}).agg(pl.len())",
        "{F}.group_by({C}).agg(pl.all().sum())",
        "{F}.group_by({C}).agg(cs.numeric().sum())",
        "{F}.group_by({C}).len()",
        "{F}.group_by({C}).{stat}",
        "{F}.group_by({C}).first()",
        "{F}.group_by({C}).all()",
        "{F}.group_by({C}).map_groups(lambda g: g.head(1))",
        "{{k: g.width for k, g in {F}.group_by({C})}}",
        "{F}.pivot({C}, index={C}, values={C}, aggregate_function='first')",
        "{F}.row(0)",
        "{F}.rows()",
        "{F}.to_dicts()",
        "{F}.to_pandas().shape",
        "{F}.item(0, 0)",
        "{F}.is_empty()",
        "{F}.partition_by({C}, maintain_order=True)",
        "pl.concat([{F}, {F}]).shape",
        "pl.sql('select * from chunk', eager=True).width",
        "pl.select({E})",
        "len(pl.collect_all([{F}.lazy().select({E})])[0])",
        "[{F}[c].len() for c in {L}]",
        "{F}.lazy().select({E}).collect()",
        "{F}.lazy().group_by({C}).agg({E}).collect()",
        "{F}.select(c for c in keys)",
        'f"{{{F}[{C}].sum()}}"',
        "str({F})",
        "row_total({F})",
        "{F}.select(pl.col(c).max() for c in {L})",
        "{F}.select([pl.col(c).max() for c in {L}])",
    ),
    "B": (
        "chunk = {F}",
        "keys = {L}",
        "name = {col}",
        "keys.append({col})",
        "expression = {E}",
        "part = {F}",
        "part = {F}[{C}]",
        "limit = 3",
        "limit = {F}[{C}].max()",
        "limit = len(chunk) - 1",
        "name = f'^{{name[:1]}}.*$'",
        "name = '^' + name[:1] + '.*$'",
        "for name in {L}:\n    total += {F}[name].len()",
        "def f():\n    return {F}[{C}].len()\ntotal = f()",
        "chunk[{C}] = 1",
        "parts = [{E}]",
        "pl = chunk",
        "total += {F}.height",
    ),
    "new": ("z", "r", "q", "literal", "len"),
}

ARROW: Mapping[str, tuple[str, ...]] = {
    **_COMMON,
    "F": (
        *("chunk",) * 6,
        "chunk.filter({M})",
        "chunk.filter({X})",
        "chunk.slice(1, 3)",
        "chunk[1:3]",
        "chunk.take(pc.sort_indices({S}))",
        "chunk.sort_by({C})",
        "chunk.sort_by([({C}, 'descending')])",
        "chunk.drop_columns({L})",
        "chunk.drop_null()",
        "chunk.append_column({C}, {S})",
        "chunk.rename_columns([str(i) for i in range(chunk.num_columns)])",
        "chunk.combine_chunks()",
        "chunk.select({L})",
    ),
    "S": (
        *("{F}[{C}]", "{F}.column({C})", "pc.fill_null({S}, 0)", "pc.add({S}, {S})"),
        *("{F}[0]", "{F}.column(0)", "{F}.columns[0]", "pc.cast({S}, pa.string())"),
    ),
    "X": (
        *("pc.field({C}) > {N}", "pc.field({C}).is_valid()", "pc.field(0) > 1"),
        *("(pc.field({C}) > 0) & (pc.field({C}) == {N})", "expression"),
    ),
    "M": (
        *("pc.greater({S}, {N})", "pc.is_valid({S})", "pc.equal({S}, {S})"),
        *("pc.and_(pc.is_valid({S}), pc.is_valid({S}))", "{S}", "mask"),
    ),
    "V": (
        *("pc.sum({S}).as_py()", "{S}", "{S}.to_pylist()", "len({F})"),
        *("{F}.num_rows", "{F}.shape[0]", "{F}.shape", "{F}.num_columns", "{F}"),
        *("{F}.column_names", "{F}.schema", "{F}.select({L})", "{F}.nbytes"),
        *("{F}.select({L}).num_columns", "{F}.to_pandas().shape"),
        *("{F}.group_by({C}).aggregate([({C}, 'sum')])",) * 3,
        "{F}.group_by({L}).aggregate([({C}, 'count'), ([], 'count_all')])",
        "{F}.group_by({C}).aggregate([])",
        "{F}.to_pylist()",
        "{F}.to_batches()",
        "pc.value_counts({S})",
        "pc.mean({S})",
        "[{F}[c].null_count for c in {L}]",
        "{F}.{attr}",
        "{F}.join(chunk, {C}).num_rows",
        "pa.concat_tables([{F}, {F}]).num_columns",
    ),
    "B": (
        *("chunk = {F}", "keys = {L}", "name = {col}", "mask = {M}", "part = {S}"),
        *("mask = {col}", "expression = {X}", "total += len({F})"),
    ),
    "new": ("z",),
}

GRAMMARS = {"pandas": PANDAS, "polars": POLARS, "arrow": ARROW}

_DEEPEST = 4


@st.composite
def cells(draw: st.DrawFn, backend: str, columns: list[str]) -> str:
    """Draw a cell over a frame with these columns."""
    grammar = GRAMMARS[backend]
    words = [name for name in columns if name.isidentifier()]
    words = [name for name in words if not keyword.iskeyword(name)] or ["k"]

    def expand(rule: str, depth: int) -> str:
        if rule == "column":
            return repr(draw(st.sampled_from(columns)))
        if rule in {"attr", "word"}:
            return draw(st.sampled_from(words))
        choices = grammar[rule]
        if depth > _DEEPEST:
            # The first ones end soonest.
            choices = choices[:1]
        return fill(draw(st.sampled_from(choices)), depth + 1)

    def fill(template: str, depth: int) -> str:
        parts, at = [], 0
        while at < len(template):
            if template.startswith(("{{", "}}"), at):
                parts.append(template[at])
                at += 2
            elif template[at] == "{":
                end = template.index("}", at)
                parts.append(expand(template[at + 1 : end], depth))
                at = end + 1
            else:
                parts.append(template[at])
                at += 1
        return "".join(parts)

    n_before = draw(st.sampled_from((0, 0, 0, 1, 1, 2)))
    before = [expand("B", 0) for _ in range(n_before)]
    return "\n".join([*before, expand("V", 0)])


def _row_total(d: Any) -> Any:
    return d.sum(axis=1)


class _Box:
    f = staticmethod(_row_total)

    def fit(self, *parts: Any) -> list[Any]:
        """Return its argument."""
        return list(parts)


def make_namespace(code: str, columns: list[str], backend: str) -> dict[str, Any]:
    """Return new variables for a cell."""
    namespace: dict[str, Any] = {"__name__": "__main__", "np": np, "pd": pd}
    exec(_DEFINITIONS, namespace)
    if "read" in code:
        # With such a function, no cell is pruned.
        exec(_READERS, namespace)
    namespace |= {
        "keys": columns[:2],
        "words": tuple(columns[-2:]),
        "some": {"a": 1},
        "name": columns[0],
        "last": columns[-1],
        "limit": 2,
        "total": 0,
        "labels": {0: "a", 1: "b"},
        "aggs": {columns[-1]: "max"},
        "box": _Box(),
        "model": _Box(),
        "texts": {"sum": f"chunk[{columns[0]!r}].shape"},
        "partly": functools.partial(_row_total),
    }
    if backend == "pandas":
        namespace["other"] = pd.DataFrame({columns[0]: [1, 2], "w": [3, 4]})
        namespace["mask"] = pd.Series([True, False] * 4)
    elif backend == "polars":
        namespace |= {"pl": pl, "cs": pl.selectors, "expression": pl.all()}
        namespace["extra"] = pl.DataFrame({columns[0]: [1, 2], "w": [3, 4]})
        namespace["parts"] = [pl.all()]
    else:
        namespace |= {"pa": pa, "pc": pc, "expression": pc.field(columns[0]) > 1}
    return namespace


_DEFINITIONS = """
import contextlib
def row_total(d): return d.sum(axis=1)
def keep(d): return d
def choose(s): return name
def make(): return pl.all()
def widen(e): return pl.all()
def run_text(text): return eval(text)
@contextlib.contextmanager
def memory(): yield 1
def add():
    keys.append(last)
    return 0
"""

_READERS = """
import functools, types
def reads_chunk(): return chunk.shape
@functools.lru_cache
def read_cached(): return chunk.shape
spaces = types.SimpleNamespace(read=lambda: chunk.shape)
class Reader:
    def read(self): return self.chunk_of().shape
    def chunk_of(self): return chunk
reader = Reader()
"""

_VALUES: tuple[Callable[[int, list[str]], list[Any]], ...] = (
    lambda n, _: [i % 3 for i in range(n)],
    lambda n, _: list(range(n)),
    lambda n, _: [float(i) / 2 if i % 3 else None for i in range(n)],
    lambda n, _: [bool(i % 2) for i in range(n)],
    lambda n, _: ["a" if i % 2 else "b" for i in range(n)],
    lambda n, _: ["a" if i % 2 else None for i in range(n)],
    # Strings that are names of columns.
    lambda n, names: [names[i % len(names)] for i in range(n)],
    lambda n, _: [pd.Timestamp(2024, 1, 1 + i).to_pydatetime() for i in range(n)],
)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Draw the columns of a table with their values."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=6, unique=True))
    n_rows = draw(st.sampled_from((8, 8, 8, 8, 3, 1, 0)))
    kinds = [draw(st.sampled_from(_VALUES)) for _ in names]
    return {name: make(n_rows, names) for name, make in zip(names, kinds, strict=True)}
