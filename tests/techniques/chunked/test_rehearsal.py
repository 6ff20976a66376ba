"""The rehearsal of a cell on a few rows before the run."""

from __future__ import annotations

import ast
import math
import os
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import jupyter_memkit as memkit
from jupyter_memkit.techniques.chunked import ChunkedSummary, ReduceError, chunked
from jupyter_memkit.techniques.chunked.mapped import Mapped
from jupyter_memkit.techniques.chunked.rehearsal.agreement import find_agreement
from jupyter_memkit.techniques.chunked.rehearsal.proof import is_proven
from jupyter_memkit.techniques.chunked.rehearsal.trial import Trial
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.opening import open_source
from tests.techniques.chunked.bodies import make_body
from tests.techniques.chunked.reductions import (
    ADDING,
    NOT_ADDING,
    make_cells,
    make_table,
)

# More of them take longer: MEMKIT_RANDOM_REDUCTIONS=1000.
REPEATED = "jupyter_memkit.techniques.chunked.rehearsal.repeated"
COUNT = int(os.environ.get("MEMKIT_RANDOM_REDUCTIONS", "40"))
SEED = int(os.environ.get("MEMKIT_RANDOM_REDUCTIONS_SEED", "4"))


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try every split on all rows, however slow the machine is."""
    home = "jupyter_memkit.techniques.chunked"
    monkeypatch.setattr(f"{home}.rehearsal.trying._LIMIT_S", math.inf)
    monkeypatch.setattr(f"{home}.rehearsal.repeated._LONGEST_S", math.inf)
    monkeypatch.setattr(f"{home}.rehearsal.trial._QUICK_S", math.inf)


def run(code: str, op: str | None = "sum", **options: Any) -> ChunkedSummary:
    """Run a cell over a table in chunks of 500 rows."""
    names = options.pop("names", {})
    source = options.pop("source", make_table(3, 2_000))
    chunks = chunked(source, rows=500)
    return chunks.map(make_body(code, **names)).run(op, **options)


def refusal(op: str, cell: str, seed: int) -> str | None:
    """Return the error of a rehearsal; None if it accepts the cell."""
    return judge(op, cell, make_table(seed))[0]


def judge(op: str, cell: str, table: Any) -> tuple[str | None, tuple[str, ...]]:
    """Return the error of a rehearsal over a table, and its notes."""
    body = make_body(cell)
    assert body.effect is None, cell
    trial = Trial(body)
    rows = trial.choose_rows(table)
    assert trial.is_stable, cell
    try:
        return None, find_agreement(op, trial, rows).notes
    except ReduceError as error:
        return str(error), ()


def test_sums_that_combine_are_accepted() -> None:
    """No reduction that gives the value of the whole is rejected."""
    cells = make_cells(ADDING, COUNT, SEED)
    refused = {
        cell: why
        for place, (op, cell) in enumerate(cells)
        if (why := refusal(op, cell, place % 7)) is not None
    }
    assert refused == {}


def test_sums_that_do_not_combine_are_rejected() -> None:
    """At most a few reductions that do not give the value of the whole are accepted."""
    cells = make_cells(NOT_ADDING, max(20, COUNT // 5), SEED)
    passed = [
        (op, cell)
        for place, (op, cell) in enumerate(cells)
        if refusal(op, cell, place % 7) is None
    ]
    assert len(passed) <= len(cells) * 0.025, passed


@pytest.mark.parametrize(("op", "cell"), make_cells(ADDING, 25, SEED + 1))
def test_equals_the_whole(op: str, cell: str) -> None:
    """An accepted cell gives the same value over chunks as over the whole."""
    table = make_table(5, 2_000)
    value = run(cell, op, source=table).value
    whole = make_body(cell)(table.copy())
    if op == "count":
        assert value == len(whole)
    elif op == "union":
        assert {str(item) for item in value} == {str(item) for item in whole}
    elif isinstance(whole, pd.DataFrame):
        pd.testing.assert_frame_equal(value, whole, check_dtype=False)
    elif isinstance(whole, pd.Series):
        pd.testing.assert_series_equal(
            value.sort_index(), whole.sort_index(), check_dtype=False
        )
    else:
        np.testing.assert_equal(*map(rounded, (value, whole)))


def rounded(value: Any) -> Any:
    """Return a value without the digits that depend on the order of additions."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return float(f"{value:.9g}") if isinstance(value, float) else value


def make_plain_table(rows: int = 1_000) -> pd.DataFrame:
    """Return rows in which some columns are constant, and customers are rare."""
    rng: Any = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "store": rng.integers(0, 5, rows),
            "customer": rng.integers(0, 200, rows),
            "year": 2001,
            "errors": 0,
            "rate": 0.0,
            "late": False,
            "x": rng.normal(10, 3, rows),
            "v": rng.normal(10, 3, rows),
        }
    )


@pytest.mark.parametrize(
    ("op", "cell"),
    [
        ("sum", "df.errors.max()"),
        ("sum", "int(df.late.any())"),
        ("sum", "df.groupby('store').rate.max()"),
        ("max", "df.errors.sum()"),
        ("max", "df.rate.std()"),
        ("max", "df.groupby('store').year.nunique()"),
        ("merge", "{k: d.errors.sum() for k, d in df.groupby('store')}"),
        ("union", "[df.year.max()]"),
        ("concat", "df.errors.cumsum()"),
        ("concat", "df[df.errors == df.errors.max()]"),
        ("concat", "df.assign(z=df.year - df.year.min())"),
        ("concat", "df[df.x < df.x.mean() + 4 * df.x.std()]"),
        ("sum", "(abs(df.x - df.x.mean()) > 4 * df.x.std()).sum()"),
        ("concat", "df.v.ffill()"),
        ("concat", "df.v.bfill()"),
        ("sum", "df.v.interpolate().sum()"),
        ("sum", "(df.customer.value_counts() > 150).sum()"),
        ("sum", "df.groupby('customer').x.sum().loc[lambda s: s > 1500]"),
        ("union", "[k for k, v in Counter(df.customer).items() if v > 150]"),
        ("merge", "{k: v for k, v in Counter(df.customer).items() if v > 150}"),
        ("max", "df.customer.value_counts().max() > 150"),
        ("concat", "df[df.groupby('customer').x.transform('size') > 150]"),
        ("count", "df.head(2000)"),
        ("concat", "df[:2000]"),
        ("union", "df.x.nlargest(1500)"),
        ("concat", "tuple(df.store.unique())"),
        ("concat", "tuple(df.x - df.x.mean())"),
        ("concat", "sorted(df.x, reverse=True)"),
    ],
)
def test_agreement_by_chance_is_rejected(op: str, cell: str) -> None:
    """Constant columns, rare rows and few rows do not hide that parts differ."""
    assert judge(op, cell, make_plain_table())[0] is not None


@pytest.mark.parametrize(
    ("op", "cell"),
    [
        ("sum", "df.errors.sum()"),
        ("sum", "df[df.late].groupby('store').x.sum()"),
        ("sum", "late = df[df.x > 1000]\nlen(late)"),
        ("sum", "df.groupby(['year', 'store']).errors.sum()"),
        ("sum", "(df.x * df.errors).sum()"),
        ("sum", "np.bincount(df.store, minlength=9)"),
        ("max", "df.errors.max()"),
        ("min", "df.groupby('store').errors.min()"),
        ("union", "df.year.unique()"),
        ("count", "df[df.x > 1000]"),
        ("concat", "df[df.late]"),
        ("concat", "df.assign(z=df.errors + 1)"),
        ("concat", "df.convert_dtypes()"),
        ("concat", "df[df.index < 5000]"),
        ("concat", "df[df.index % 3 == 0]"),
        ("sum", "df.groupby(lambda number: number % 3).x.sum()"),
        ("max", "df.index.max()"),
        ("merge", "df.x.to_dict()"),
        ("concat", "df.v.where(df.v > 9).astype('Float64')"),
        ("concat", "[{'a': a} for a in df.errors]"),
        ("concat", "[np.ones(2) for _ in df.errors]"),
    ],
)
def test_rows_without_variety_are_accepted(op: str, cell: str) -> None:
    """A cell that combines is accepted over such rows, without a note."""
    assert judge(op, cell, make_plain_table()) == (None, ())


def test_rows_are_repeated_only_while_that_is_quick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cell whose memory is the square of its rows does not fill the machine."""
    monkeypatch.setattr(f"{REPEATED}._LONGEST_S", 0.005)
    lengths: list[int] = []
    cell = "note(len(df))\ndf[['x'] * len(df)].T\n1"
    body = make_body(cell, note=lengths.append)
    assert find_agreement("max", Trial(body), make_plain_table(300)) is not None
    assert max(lengths) <= 300 * 16


def test_a_choice_among_counts_is_seen_in_any_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows sorted by a column are tried even if there is no time left."""
    home = "jupyter_memkit.techniques.chunked.rehearsal.trying"
    monkeypatch.setattr(f"{home}._LIMIT_S", -1)
    table = pd.DataFrame({"k": list("aaaabbbccd") * 200})
    with pytest.raises(ReduceError, match=r"two halves sorted by k .* whose union"):
        run("set(df.k.value_counts().index[:2])", "union", source=table)


def test_large_rows_are_not_repeated() -> None:
    """Rows of an image each are not copied 64 times."""
    images = np.zeros((20, 500, 500))
    lengths: list[int] = []
    body = make_body("note(len(df))\nfloat(df.max())", note=lengths.append)
    trial = Trial(body)
    rows = trial.choose_rows(images)
    find_agreement("max", trial, rows)
    assert max(lengths) <= 2 * len(rows)


def test_nothing_found() -> None:
    """A cell that finds nothing, and has no known form, gets a note."""
    error, notes = judge("sum", "sum(x > 1e9 for x in df.x)", make_plain_table())
    assert error is None
    assert "not known whether its values combine" in notes[0]


def test_error_has_the_numbers() -> None:
    """The error has the numbers, the reason and the line that replaces the cell's."""
    table = pd.DataFrame({"k": [1, 2] * 500, "p": [1.0] * 500 + [4.0] * 500})
    with pytest.raises(ReduceError) as raised:
        run("round(df.p.mean(), 3)", source=table)
    assert str(raised.value) == (
        "over two halves this cell returns 1 and 4, whose sum (5) is not the 2.5 of "
        "all these rows together; a mean does not add up; use --reduce merge, and end "
        "the cell with memkit.partial(df).agg(p='mean'), after import jupyter_memkit "
        "as memkit"
    )


@pytest.mark.parametrize(
    "cell",
    [
        "df.groupby(['g', 'k'], as_index=False).q.sum()",
        "df.groupby('g').agg(n=('q', 'sum'), v=('v', 'sum')).reset_index()",
        "df.groupby(['s', 'g'], as_index=False).v.sum()",
        "df.g.value_counts(sort=False).reset_index()",
    ],
)
def test_keys_stay_keys(cell: str) -> None:
    """Keys in the columns of a frame are not added up, whatever their type."""
    table = make_table(2, 2_000)
    value = run(cell, source=table).value
    whole = make_body(cell)(table)
    columns = [name for name in whole if name in "sgk"]
    value, whole = (
        each.sort_values(columns, ignore_index=True) for each in (value, whole)
    )
    pd.testing.assert_frame_equal(value, whole)


@pytest.mark.parametrize("rehearsal", [True, False])
@pytest.mark.parametrize(
    "bins",
    [
        "df.set_index('t').q.resample('D').sum()",
        "df.groupby(pd.Grouper(key='t', freq='D')).q.sum()",
    ],
)
def test_bins_are_an_index(bins: str, *, rehearsal: bool) -> None:
    """Time bins in a column are rejected: bins between chunks would be missing."""
    table = make_table(2, 2_000).sort_values("t", ignore_index=True)
    table["t"] += pd.to_timedelta((table.index // 500) * 90, unit="D")
    with pytest.raises(ReduceError, match=r"call \.reset_index\(\) on the result"):
        run(f"{bins}.reset_index()", source=table, rehearsal=rehearsal)
    value = run(bins, source=table, rehearsal=rehearsal).value
    pd.testing.assert_series_equal(value, make_body(bins)(table))


def test_keys_without_a_rehearsal() -> None:
    """Without a rehearsal the code shows the keys, or the run is rejected."""
    table = make_table(2, 2_000)
    cell = "df.groupby('g', as_index=False).q.sum()"
    value = run(cell, source=table, rehearsal=False).value
    pd.testing.assert_frame_equal(value, make_body(cell)(table))
    with pytest.raises(ReduceError, match="leave out as_index=False and reset_index"):
        run("df.groupby(df.g).size().reset_index()", rehearsal=False)


@pytest.mark.parametrize("clock", ["time.time()", "time.perf_counter()"])
def test_unstable(clock: str) -> None:
    """A cell with another value each time is not judged by example; a note says so."""
    summary = run(f"len(df) + {clock}", names={"time": time})
    assert summary.notes == (
        (
            "The cell was not tested on sample rows (the cell returns a different "
            "value each time for the same rows, as if it used random numbers or a "
            "clock), so it is not known whether its values combine correctly."
        ),
    )


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("print(df.v.max())\nlen(df)", "the cell may have an effect (print)"),
        (
            "len(df) + chunk_info.number",
            "the cell reads chunk_info, which differs from chunk to chunk",
        ),
        (
            "{16: 1, 128: 2, 500: 3}[len(df)]",
            "the cell fails on parts of the first rows",
        ),
    ],
)
def test_note_if_not_rehearsed(cell: str, why: str) -> None:
    """The summary reports why a cell with a reduction is not rehearsed."""
    (note,) = run(cell).notes
    assert note.startswith(f"The cell was not tested on sample rows ({why}), so ")


def test_note_for_a_source_read_once() -> None:
    """So it does if the source can be read only once, but not without a reduction."""
    (note,) = run("len(df)", source=iter(range(600))).notes
    assert "rows (the range_iterator can be read only once), so it is " in note
    assert run("len(df)", "append", source=iter(range(600))).notes == ()
    assert run("len(df)", source=iter(range(600)), rehearsal=False).notes == ()


def test_wide_tables(tmp_path: Path) -> None:
    """Of many columns, a cell is tried on those that it names, or on all if needed."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.random((60, 200)), columns=[f"c{i}" for i in range(200)])
    table.to_csv(tmp_path / "a.csv", index=False)
    chosen = ["c7", "c150"]
    for cell in (
        "df.max().max()",
        "df[chosen].mean().sum()",
        "len(df) + df.c33.mean()",
    ):
        with pytest.raises(ReduceError, match="over two halves"):
            run(cell, source=tmp_path / "a.csv", names={"chosen": chosen})
    value = run("df[chosen].sum().sum()", source=table, names={"chosen": chosen}).value
    assert value == pytest.approx(table[chosen].sum().sum())


def test_not_with_an_effect() -> None:
    """A cell with an effect runs once per chunk, and the summary says why."""
    seen: list[int] = []
    summary = run("seen.append(len(df))\ndf.v.max()", names={"seen": seen})
    assert seen == [500] * 4
    assert "may have an effect (seen.append)" in summary.notes[0]
    assert run("df.v.max()", rehearsal=False).notes == ()


@pytest.mark.parametrize("cell", ["df.sample(10).q.sum()", "np.random.random()"])
def test_drawing_rows(cell: str) -> None:
    """A cell that samples rows changes the generator, so it is not rehearsed."""
    assert "so it is not known" in run(cell).notes[0]


def test_leaves_nothing() -> None:
    """A rehearsal sets no variable, changes no row and draws no random number."""
    table = make_table(3, 2_000)
    before = table.copy()
    body = make_body("df['r'] = df.v * 2\nextra = df.r.mean()\nextra")
    names = set(body.namespace)
    with pytest.raises(ReduceError):
        chunked(table, rows=500).map(body).run("sum")
    assert set(body.namespace) - {"__builtins__"} == names
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    "cell",
    [
        *("df.v.agg('mean')", "df.agg({'v': 'mean'})", "round(df.v.mean(), 3)"),
        *(
            "df.v.describe()",
            "df[['v', 'q']].corr()",
            "df.v.nlargest(3)",
            "df.v.iloc[0]",
        ),
        *("df.pivot_table(index='k', values='v')", "df.k.value_counts(normalize=True)"),
        *(
            "df.v.median()",
            "df.v.quantile(0.9)",
            "df.v.std() ** 2",
            "df.v.rank().sum()",
        ),
        *("df.head(3)", "df.v.sum() / len(df)", "len(df.k.unique())", "df.k.nunique()"),
        *("m = df.v.mean()\nm", "df.groupby('k').v.agg(['mean'])", "np.median(df.v)"),
    ],
)
def test_rejected_by_its_code(cell: str) -> None:
    """Without a rehearsal the code of a cell shows statistics that do not add up."""
    with pytest.raises(ReduceError, match="does not add up"):
        run(cell, rehearsal=False)


@pytest.mark.parametrize(
    "cell",
    ["df[['v', 'q']].mean(axis=1)", "df.iloc[:, 3].sum()", "df.v.sum() / 2", "len(df)"],
)
def test_accepted_by_its_code(cell: str) -> None:
    """Code that only resembles such a statistic runs."""
    run(cell, rehearsal=False)


def test_columns_are_checked(tmp_path: Path) -> None:
    """If the columns that the code shows give another value, all columns are read."""
    path = tmp_path / "a.csv"
    make_table(1).to_csv(path, index=False)
    for cell, columns in (("df.shape[1] * df.q.sum()", None), ("df.q.sum()", ("q",))):
        settings = Settings(
            memory_bytes=1 << 28, columns=("q",), is_pruned=True, backend="pandas"
        )
        summary = Mapped(open_source(path), settings, make_body(cell)).run("sum")
        assert summary.columns == columns
    assert summary.value == make_table(1).q.sum()


def test_polars() -> None:
    """Frames of polars are split too."""
    table = pl.from_pandas(make_table(3))
    with pytest.raises(ReduceError, match="over two halves"):
        run("df['v'].mean()", source=table)
    assert run("df['q'].sum()", source=table).value == table["q"].sum()


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
def test_without_any_column(tmp_path: Path, backend: str) -> None:
    """A cell that uses no column is still rehearsed."""
    path = tmp_path / "a.parquet"
    make_table(1).to_parquet(path)
    for cell, is_right in (("len(df) ** 2", False), ("len(df) * 2", True)):
        settings = Settings(
            memory_bytes=1 << 28, columns=(), is_pruned=True, backend=backend
        )
        job = Mapped(open_source(path), settings, make_body(cell))
        if is_right:
            assert job.run("sum").value == 2_000
        else:
            with pytest.raises(ReduceError, match="not the 1000000 of all"):
                job.run("sum")


@pytest.mark.parametrize(
    "source",
    [
        [1, 2, 3] * 100,
        [{"v": 1}, {"v": 2}] * 50,
        np.arange(600.0),
        np.ones((50, 2)),
        [b"a", b"b"],
    ],
)
def test_other_chunks(source: Any) -> None:
    """Chunks of plain data other than tables are rehearsed too."""
    assert run("len(df)", source=source).notes == ()
    with pytest.raises(ReduceError):
        run("len(df) ** 2", source=source)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ({"a": 1}, "it takes at least two rows"),
        ([object()] * 20, "its chunks hold more than plain data"),
    ],
)
def test_chunks_that_are_not_rehearsed(source: Any, why: str) -> None:
    """Other chunks run too, with a note that says why they were not rehearsed."""
    (note,) = run("len(df)", source=source).notes
    assert note.startswith(f"The cell was not tested on sample rows ({why}), so ")


def test_shorter_arrays_are_accepted() -> None:
    """Arrays that are shorter over few rows are not rejected."""
    table = make_table(1, 4_000)
    value = run("np.bincount(df.k)", source=table).value
    np.testing.assert_array_equal(value, np.bincount(table.k))


def test_rounding_is_accepted() -> None:
    """Sums that differ only by rounding are not rejected."""
    rng = np.random.default_rng(1)
    for kind in ("float32", "float64"):
        table = pd.DataFrame({"x": rng.normal(0, 1e6, 2_000).astype(kind)})
        run("df.x.sum()", source=table)
        run("(df.x - df.x.round()).sum()", source=table)


@pytest.mark.parametrize(
    "code",
    [
        "df.v.cumsum()",
        "df.v.rank()",
        "df[df.v > 0][['v']].diff()",
        "df.v - df.v.mean()",
        "df.assign(n=range(len(df)))",
        "df.groupby('k').v.transform('sum')",
        "pd.factorize(df.k)[0]",
        "pl.from_pandas(df[['v']]).with_columns(pl.col('v').cum_sum())",
        "pl.from_pandas(df[['v']]).with_row_index()",
    ],
)
def test_rows_that_depend_on_others(code: str) -> None:
    """Rows that depend on the chunk are rejected; the remedy joins them as they are."""
    with pytest.raises(ReduceError, match=r"depend on the other rows .*--no-rehearsal"):
        run(code, "concat")
    run(code, "concat", rehearsal=False)


@pytest.mark.parametrize(
    "code",
    [
        "df",
        "df[df.v > 0]",
        "df.v * 2 + 1",
        "df.assign(w=df.v.where(df.v > 0))[['w', 'k']]",
        "df.v.tolist()",
        # An interval of integers is written like one of floats next to missing values.
        "pd.cut(df.v, [-200, 0, 200]).to_frame()",
        "pl.from_pandas(df[['v']]).filter(pl.col('v') > 0)",
    ],
)
def test_rows_of_their_own(code: str) -> None:
    """Rows that come from their own rows are joined."""
    assert run(code, "concat").notes == ()


@pytest.mark.parametrize(
    "code",
    [
        "df.drop_duplicates('k')",
        "df[~df.duplicated('k')]",
        "df.nlargest(3, 'v')",
        "df.head(2)",
        "df.k.unique()",
        "df.groupby('k', as_index=False).v.sum()",
        "df.groupby('k').head(1)",
        "df.v.to_numpy()[:3]",
        "pl.from_pandas(df[['k']]).unique()",
    ],
)
def test_rows_that_are_chosen_or_totals(code: str) -> None:
    """A choice of rows and totals are rejected; the remedy joins those of chunks."""
    with pytest.raises(ReduceError, match=r"rows instead of .*--no-rehearsal"):
        run(code, "concat")
    run(code, "concat", rehearsal=False)


def test_rows_that_are_sorted() -> None:
    """Sorted rows are rejected; another order is only noted."""
    with pytest.raises(ReduceError, match="sorted separately"):
        run("df.sort_values('v')", "concat")
    (note,) = run("df.melt('k')", "concat").notes
    assert note.startswith("The joined rows are in the order of the chunks;")


def write_sorted(folder: Path, kind: str) -> Path:
    """Write a table whose first rows are all alike, in a file or several."""
    n_rows = 6_000
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "hour": np.arange(n_rows) // 1_200,
            "store": [f"s{row * 40 // n_rows:02}" for row in range(n_rows)],
            "fraud": np.where(np.arange(n_rows) < 2_000, 0, np.arange(n_rows) % 7 == 0),
            "price": np.where(
                np.arange(n_rows) < 1_400, 20.0, rng.normal(20, 5, n_rows)
            ),
        }
    )
    if kind == "csv":
        table.to_csv(folder / "a.csv", index=False)
    elif kind == "jsonl":
        table.to_json(folder / "a.jsonl", orient="records", lines=True)
    elif kind == "parquet":
        table.to_parquet(folder / "a.parquet", row_group_size=1_000)
    else:
        table.to_parquet(folder / "parts", partition_cols=["hour"])
        return folder / "parts"
    return folder / f"a.{kind}"


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "parts"])
@pytest.mark.parametrize(
    ("op", "code"),
    [
        ("sum", "df.fraud.mean()"),
        ("sum", "df.price.std()"),
        ("sum", "df.fraud.sum() / len(df)"),
        ("sum", "df.store.value_counts().head(10)"),
        ("sum", "df[df.fraud == 1].store.nunique()"),
        ("sum", "df.price.max() - df.price.min()"),
        ("max", "df.fraud.sum()"),
        ("concat", "df.assign(z=df.price - df.price.mean())"),
        ("concat", "df.assign(n=df.fraud.cumsum())"),
        ("concat", "df.assign(k=df.store.astype('category').cat.codes)"),
    ],
)
def test_first_rows_that_are_alike(
    tmp_path: Path, kind: str, op: str, code: str
) -> None:
    """A cell is rejected although its values over the first rows would combine."""
    source = write_sorted(tmp_path, kind)
    with pytest.raises(ReduceError):
        run(code, op, source=source)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "parts"])
@pytest.mark.parametrize(
    "code",
    [
        "g = df.groupby('hour').fraud.sum().reset_index()\ng",
        "g = df.groupby('hour', as_index=False).fraud.sum()\ng",
        "df.groupby('hour').fraud.sum().reset_index().rename(columns={'fraud': 'n'})",
    ],
)
def test_keys_that_are_alike_in_the_first_rows(
    tmp_path: Path, kind: str, code: str
) -> None:
    """The keys of groups are found although the first rows are of one group."""
    value = run(code, source=write_sorted(tmp_path, kind)).value
    assert list(value.hour) == [0, 1, 2, 3, 4]
    assert list(value.iloc[:, 1])[:2] == [0, 57]


@pytest.mark.parametrize(
    "code",
    [
        "g = df.groupby('hour').n.sum().reset_index()\ng",
        "g = df.groupby('hour', as_index=False).size()\ng",
        "df.groupby('hour').n.sum().reset_index().rename(columns={'n': 'm'})",
        "g = df.hour.value_counts().reset_index()\ng",
    ],
)
def test_keys_without_other_groups(tmp_path: Path, code: str) -> None:
    """Where all rows that can be tried are of one group, the code shows the keys."""
    table = pd.DataFrame({"hour": np.arange(6_000) // 1_200, "n": 1})
    table.to_csv(tmp_path / "a.csv.gz", index=False)
    value = run(code, source=tmp_path / "a.csv.gz").value
    assert value.iloc[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert value.iloc[:, 1].tolist() == [1_200] * 5


def test_zeros_show_nothing() -> None:
    """Where all values are 0, the code decides."""
    table = pd.DataFrame({"x": [0.0] * 2_000, "y": [[1]] * 2_000})
    with pytest.raises(ReduceError, match="a mean does not add up"):
        run("df.x.mean()", source=table)
    assert run("df.x.sum()", source=table).value == 0


def test_rows_with_lists(tmp_path: Path) -> None:
    """Columns of lists, which cannot be sorted, are left out where rows are sorted."""
    table = pd.DataFrame(
        {"n": range(600), "tags": [["a"] * (n % 3) for n in range(600)]}
    )
    table.to_parquet(tmp_path / "a.parquet")
    code = "df.tags.str.len().sum()"
    assert run(code, source=tmp_path / "a.parquet").value == 600


@pytest.mark.parametrize(
    "code", ["(k for k in df.k)", "zip(df.k, df.k)", "map(str, df.k)", "iter(df.k)"]
)
def test_union_of_iterators(code: str) -> None:
    """A cell may return an iterator, which the rehearsal does not use up."""
    table = make_table(3, 2_000)
    expected = set(eval(code, {"df": table}))
    assert run(code, "union", source=table).value == expected


@pytest.mark.parametrize(
    "code",
    [
        "memkit.partial(df.head(9)).agg(v='mean')",
        "memkit.partial(df.drop_duplicates('k'), by='g').agg(v='mean')",
        "memkit.partial(df[df.v > df.v.mean()]).agg(q='count')",
        "memkit.partial(df.groupby('k', as_index=False).v.sum()).agg(v='max')",
        "memkit.partial(df.assign(z=df.v - df.v.mean())).agg(z='std')",
        "memkit.partial(df.assign(z=df.q.cumsum())).agg(q=('corr', 'z'))",
        "memkit.partial(df, by=pd.cut(df.v, 3)).agg(q='sum')",
        "memkit.partial(df, by=['k', df.v > df.v.median()]).agg(q='nunique')",
        "memkit.partial(df.sort_values('v'), by='k').agg(q='first')",
    ],
)
def test_partial_statistics_of_other_rows(code: str) -> None:
    """Partial statistics of rows or keys that depend on the chunk are rejected."""
    with pytest.raises(ReduceError, match=r"depend on the other rows|change.* order"):
        run(code, "merge", names={"memkit": memkit})


@pytest.mark.parametrize(
    "code",
    [
        "memkit.partial(df.sort_values('v'), by='k').agg(q=['max', 'std'])",
        "memkit.partial(df.assign(r=df.q.rank()), by=df.v > 3).agg(v='last')",
        "memkit.partial(df[df.v > 2], by=['k', df.t.dt.date]).agg(v=['mean', 'var'])",
        "memkit.partial(df[df.v < -9], by='k').agg(m=('m', 'mean'), q='sum')",
    ],
)
def test_partial_statistics_of_the_same_rows(code: str) -> None:
    """Partial statistics of rows of their own are accepted, and are the whole's."""
    summary = run(code, "merge", names={"memkit": memkit})
    df = make_table(3, 2_000)
    whole = eval(code, {"memkit": memkit, "df": df}).result()
    pd.testing.assert_frame_equal(summary.value, whole, check_dtype=False)


@pytest.mark.parametrize("rehearsal", [True, False])
@pytest.mark.parametrize("op", ["sum", "max", "count", "concat", "union"])
@pytest.mark.parametrize("statistic", ["sum", "mean"])
def test_partial_statistics_are_merged(
    op: str, statistic: str, *, rehearsal: bool
) -> None:
    """Another reduction of partial statistics is rejected, with the right one."""
    code = f"memkit.partial(df, by='k').agg(v='{statistic}')"
    with pytest.raises(ReduceError, match="have to be merged; use --reduce merge"):
        run(code, op, names={"memkit": memkit}, rehearsal=rehearsal)


def test_partial_statistics_in_a_dict() -> None:
    """They are refused: merge keeps the last value of a key."""
    code = "{'a': memkit.partial(df).agg(v='sum')}"
    with pytest.raises(ReduceError, match="merge combines one memkit"):
        run(code, "merge", names={"memkit": memkit})


def test_rows_for_a_file(tmp_path: Path) -> None:
    """The values that --out joins in a file are judged like those of concat."""
    with pytest.raises(ReduceError, match="depend on the other rows"):
        run("df[['v']].cumsum()", None, out=tmp_path / "a.csv")
    run("df[['v']] * 2", None, out=tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("df.t.mean()", "memkit.partial(df).agg(t='mean')"),
        ("df.groupby('k').t.mean()", "memkit.partial(df, by='k').agg(t='mean')"),
        ("df.s.mode()", "memkit.partial(df).agg(s=('top', 1))"),
        ("df.describe()", "a description does not add up"),
    ],
)
def test_statistics_of_other_types(code: str, remedy: str) -> None:
    """Statistics whose values have no sum are rejected with what replaces them."""
    with pytest.raises(ReduceError, match=re.escape(remedy)):
        run(code, names={"memkit": memkit})
    if "partial" in remedy:
        assert run(remedy, "merge", names={"memkit": memkit}).notes == ()


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
def test_union_of_distinct_values(tmp_path: Path, backend: str) -> None:
    """The distinct values of a column are compared, whatever array holds them."""
    table = pd.DataFrame({"s": list("abcb") * 300})
    table.to_parquet(tmp_path / "a.parquet")
    chunks = chunked(tmp_path / "a.parquet", rows=100, backend=backend)
    summary = chunks.map(make_body("df['s'].unique()")).run("union")
    assert (summary.value, summary.notes) == ({"a", "b", "c"}, ())
    with pytest.raises(ReduceError, match="whose union"):
        chunks.map(make_body("df['s'][:2].unique()")).run("union")


def test_nothing_found_in_a_part() -> None:
    """A cell that finds nothing in a part of the rows is judged by the other parts."""
    code = "float(df.v.iloc[5:].sum()) if len(df) > 5 else None"
    with pytest.raises(ReduceError, match="does not add up"):
        run(code)
    assert run("float(df.v.sum()) if len(df) > 5 else None").value is not None


def test_sums_in_a_series_of_objects() -> None:
    """Floats in a series of objects may differ by rounding, too."""
    table = pd.DataFrame({"v": np.linspace(0.1, 999.7, 2_000, dtype="float32")})
    summary = run("df.sum()", source=table.assign(t=pd.Timedelta(1, "s")))
    assert summary.value["t"] == pd.Timedelta(2_000, "s")
    assert summary.value["v"] == pytest.approx(table.v.sum(), rel=1e-5)


@pytest.mark.parametrize(
    ("op", "cell", "sentence"),
    [
        ("union", "[df.q.max()]", r"for (\d+), whose union \(\1\) is not the nothing"),
        (
            "merge",
            "{k: set(g.q) for k, g in df.groupby('k')}",
            r"(\d+) .* for \d, \1, ",
        ),
    ],
)
def test_differences_of_sets(op: str, cell: str, sentence: str) -> None:
    """The message on a set has the item that only one side has."""
    with pytest.raises(ReduceError, match=sentence):
        run(cell, op)


@pytest.mark.parametrize(
    "cell",
    [
        "np.bincount(df.q, minlength=10)",
        "{g: np.bincount(rows.q, minlength=10) for g, rows in df.groupby('g')}",
    ],
)
def test_arrays_of_other_shapes(cell: str) -> None:
    """An array that is longer over varied rows only is no reason to refuse."""
    summary = run(cell)
    np.testing.assert_equal(summary.value, make_body(cell)(make_table(3, 2_000)))
    assert summary.notes == ()


@pytest.fixture
def one_thread_of_duckdb() -> Iterator[None]:
    """Several return groups in any order, so that a cell differs from itself."""
    duckdb = pytest.importorskip("duckdb")
    duckdb.execute("set threads = 1")
    yield
    duckdb.execute("reset threads")


@pytest.mark.parametrize(
    ("op", "query", "refused"),
    [
        ("sum", "select k, sum(q) q from df group by k", None),
        ("sum", "select k, avg(q) q from df group by k", "does not add up"),
        ("sum", "select k, count(distinct q) q from df group by k", "does not add up"),
        ("concat", "select k, q from df where q > 3", None),
        ("concat", "select k, q from df order by q", "sorted separately"),
        ("concat", "select k, sum(q) q from df group by k", "depend on the other rows"),
    ],
)
@pytest.mark.usefixtures("one_thread_of_duckdb")
def test_queries(op: str, query: str, refused: str | None) -> None:
    """Cells that query the chunk in SQL are judged by example, too."""
    duckdb = pytest.importorskip("duckdb")
    tail = ".set_index('k')" if op == "sum" else ""
    cell = f"duckdb.sql({query!r}).df(){tail}"
    if refused is not None:
        with pytest.raises(ReduceError, match=refused):
            run(cell, op, names={"duckdb": duckdb})
        return
    summary = run(cell, op, names={"duckdb": duckdb})
    assert summary.notes == ()
    expected = make_body(cell, duckdb=duckdb)(make_table(3, 2_000))
    pd.testing.assert_frame_equal(
        summary.value.sort_index(), expected.sort_index(), check_dtype=False
    )


@pytest.mark.parametrize(
    "cell",
    [
        "duckdb.sql({!r}).fetchall()[0][0]",
        "con = duckdb.connect()\ncon.execute({!r}).fetchone()[0]",
        "pl.SQLContext(df=pl.from_pandas(df)).execute({!r}).collect().item()",
    ],
)
def test_databases_of_the_cell(cell: str) -> None:
    """Queries of a database in memory that the cell opens are judged by example."""
    names = {"duckdb": pytest.importorskip("duckdb"), "pl": pl}
    text = "with rows as (select * from df where q > 3) select {}(q) as q from rows"
    with pytest.raises(ReduceError, match="does not add up"):
        run(cell.format(text.format("avg")), names=names)
    summary = run(cell.format(text.format("sum")), names=names)
    table = make_table(3, 2_000)
    assert (summary.value, summary.notes) == (table.q[table.q > 3].sum(), ())


@pytest.mark.parametrize(
    ("op", "code"),
    [
        ("concat", "df.v.eq(df.v.shift())"),
        ("concat", "df[df.v != df.v.shift()]"),
        ("sum", "int((df.v != df.v.shift()).sum())"),
        ("sum", "sum(a == b for a, b in zip(df.v[:-1], df.v[1:]))"),
    ],
)
def test_comparisons_with_an_equal_row_before(op: str, code: str) -> None:
    """A cell that asks whether the row before is the same is seen, if none ever is."""
    table = pd.DataFrame({"v": [f"v{number}" for number in range(1_000)]})
    reason = "depend on the other rows" if op == "concat" else "does not add up"
    with pytest.raises(ReduceError, match=reason):
        run(code, op, source=table)


@pytest.mark.parametrize(
    ("op", "code"),
    [
        ("concat", "df.v.diff() > 50"),
        ("concat", "df[df.v.diff().abs() > 50]"),
        ("sum", "int((df.v.diff() > 50).sum())"),
        ("count", "np.flatnonzero(np.diff(df.v) > 50)"),
    ],
)
def test_jumps_from_the_row_before(op: str, code: str) -> None:
    """A cell that looks for jumps is seen, if there are none in the sample rows."""
    table = pd.DataFrame({"v": np.random.default_rng(1).normal(size=1_000)})
    reason = "depend on the other rows" if op == "concat" else "does not add up"
    with pytest.raises(ReduceError, match=reason):
        run(code, op, source=table)


# Labels of pandas that are names of attributes of other objects.
LABELS = ("a", "columns", "levels", "dtype", "tolist", "to_pylist", "schema", "name")


@pytest.mark.parametrize(
    ("op", "code", "sentence"),
    [
        ("sum", "df.sum()", None),
        ("concat", "df + 1", None),
        ("max", "df.max()", None),
        ("sum", "df.max()", "does not add up"),
        ("concat", "df - df.shift()", "depend on the other rows"),
        ("concat", "df - df.mean()", "depend on the other rows"),
    ],
)
@pytest.mark.parametrize(
    "source",
    [
        pd.Series(range(2_000), name="q"),
        pd.Series(1.5, index=[*LABELS] * 250),
        pl.Series("q", [2.5, None] * 1_000),
    ],
)
def test_series(source: Any, op: str, code: str, sentence: str | None) -> None:
    """The rows of a series, whatever its labels are, are judged by example, too."""
    if sentence is not None:
        with pytest.raises(ReduceError, match=sentence):
            run(code, op, source=source)
        return
    summary = run(code, op, source=source)
    whole = make_body(code)(source)
    assert summary.notes == ()
    assert whole.equals(summary.value) if op == "concat" else whole == summary.value


@pytest.mark.parametrize(
    ("op", "code"),
    [
        ("sum", "df.sum()"),
        ("sum", "df.groupby(df.q % 3).sum()"),
        ("max", "df.max() + outside['columns'] - outside['columns']"),
        ("concat", "df.assign(q=df.q * outside['levels'])"),
        ("union", "df.sum() * 0"),
    ],
)
def test_labels_named_like_attributes(op: str, code: str) -> None:
    """Labels of pandas are not taken for attributes of an object."""
    table = make_table(3, 2_000)
    table = table[["q"]].assign(**dict.fromkeys(LABELS, table.q))
    names = {"outside": pd.Series(range(len(LABELS)), index=LABELS)}
    value = run(code, op, source=table, names=names).value
    whole = make_body(code, **names)(table)
    assert set(whole) == value if op == "union" else whole.equals(value)


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("v > @limit", None),
        ("s.str.startswith('a') and v > @limit", None),
        ("v > v.mean()", "does not add up"),
    ],
)
def test_formulas(formula: str, sentence: str | None) -> None:
    """Formulas of pandas that call methods and read variables are tested, too."""
    cell = f"len(df.query({formula!r}))"
    if sentence is not None:
        with pytest.raises(ReduceError, match=sentence):
            run(cell, names={"limit": 3})
        return
    summary = run(cell, names={"limit": 3})
    whole = make_body(cell, limit=3)(make_table(3, 2_000))
    assert (summary.value, summary.notes) == (whole, ())


def test_bins_of_polars() -> None:
    """Bins that two chunks share are seen on sample rows."""
    code = "df.group_by_dynamic('t', every='1d').agg(pl.col('q').sum())"
    table = pl.from_pandas(make_table(3, 2_000).sort_values("t", ignore_index=True))
    with pytest.raises(ReduceError, match="depend on the other rows"):
        run(code, "concat", source=table)


@pytest.mark.parametrize(
    ("sums", "call"),
    [
        ("df.groupby('k').q.sum()", ".nlargest(3)"),
        ("df.groupby('k').q.sum().sort_values(ascending=False)", ".head(3)"),
        ("df.s.value_counts()", ".head()"),
    ],
)
def test_choices_of_sums(sums: str, call: str) -> None:
    """The remedy for a choice of sums is what the cell says, in two steps."""
    remedy = f"end the cell with {sums}, and call {call} on the result"
    with pytest.raises(ReduceError, match=re.escape(remedy)):
        run(sums + call)
    names = {"result": run(sums).value}
    found = eval(f"result{call}", names)
    assert found.equals(make_body(sums + call)(make_table(3, 2_000)))


def test_a_choice_of_other_values() -> None:
    """No sum is named where it is not known to add up."""
    with pytest.raises(ReduceError, match="such as a sum, a count"):
        run("df.groupby('k').q.mean().head(3)")


@pytest.mark.parametrize("mixed", [[], ["a"], [None], [1.5]])
def test_columns_of_arrays(mixed: list[Any]) -> None:
    """Columns of arrays, as pandas makes of lists in Parquet files, are judged, too."""
    table = make_table(3, 2_000)
    arrays: list[Any] = [*mixed, *(np.arange(row % 3) for row in range(2_000))]
    table["a"] = pd.Series(arrays[:2_000], dtype=object)
    assert run("df.size", source=table).value == table.size
    with pytest.raises(ReduceError, match="depend on the other rows"):
        run("df.iloc[::100]", "concat", source=table)


def make_log(rows: int = 6_000) -> pd.DataFrame:
    """Return records with few gaps, jumps and references, all where chunks meet."""
    rng: Any = np.random.default_rng(9)
    number = np.arange(rows)
    is_first = (number % 500 == 0) & (number > 0)
    times = pd.Timestamp("2024-03-01") + pd.to_timedelta(
        60 * number + 3_600 * is_first.cumsum(), unit="s"
    )
    parent = np.full(rows, -1)
    parent[rng.choice(rows, 12, replace=False)] = rng.choice(rows, 12)
    return pd.DataFrame(
        {
            "number": number,
            "parent": parent,
            "t": times.strftime("%Y-%m-%d %H:%M:%S"),
            "meter": 2_000_000 + (rng.integers(0, 3, rows) + 5_000 * is_first).cumsum(),
            "device": np.where(number < rows // 2, "A", "B"),
            "user": rng.permutation(rows) // 2,
            "w": rng.normal(20, 3, rows),
        }
    )


@pytest.mark.parametrize(
    ("op", "cell"),
    [
        ("sum", "(pd.to_datetime(df.t).diff() > '30min').sum()"),
        ("sum", "(pd.to_datetime(df.t).diff().dt.total_seconds() > 600).sum()"),
        ("sum", "df.w.sum() + 9 * (pd.to_datetime(df.t).diff() > '30min').sum()"),
        ("sum", "df.query('meter - meter.shift() > 1000').shape[0]"),
        ("sum", "df.groupby('device').meter.agg(lambda s: (s.diff() > 1000).sum())"),
        ("max", "bool((df.meter.diff() > 1000).any())"),
        ("concat", "df[df.meter.diff() > 1000]"),
        ("concat", "df.assign(gap=pd.to_datetime(df.t).diff() > '30min')"),
        ("count", "df[pd.to_datetime(df.t).diff() > '30min']"),
        ("sum", "df.number.isin(df.parent).sum()"),
        ("concat", "df[df.number.isin(df.parent)]"),
        ("union", "set(df.number) & set(df.parent)"),
        ("union", "np.intersect1d(df.number, df.parent)"),
        ("concat", "p = df.parent.unique()\ndf[df.number.isin(p)]"),
        ("sum", "df.groupby('user').number.diff().between(1, 9).sum()"),
    ],
)
def test_what_looks_across_rows_is_rejected_where_no_sample_shows_it(
    op: str, cell: str
) -> None:
    """A gap, a jump or a reference between rows is refused, however rare it is."""
    with pytest.raises(ReduceError):
        run(cell, op, source=make_log())


@pytest.mark.parametrize(
    ("op", "cell"),
    [
        (
            "sum",
            "c, names = pd.factorize(df.device)\ndict(zip(names, np.bincount(c)))",
        ),
        ("sum", "df.number.isin([3, 4, 5_000]).sum()"),
        ("sum", "(df.number == df.parent).sum()"),
        ("union", "set(df.number[df.w > 25]) | set(df.parent)"),
        ("concat", "df[pd.to_datetime(df.t) > '2024-03-02']"),
    ],
)
def test_what_looks_at_each_row_is_accepted(op: str, cell: str) -> None:
    """A value of single rows is accepted, also if the cell numbers or links them."""
    run(cell, op, source=make_log())


@pytest.mark.parametrize(
    "cell",
    [
        "df.number.isin(df.parent).sum()",
        "(df.w > df.w.size).sum()",
        "((df.w > 3) & df.number.is_unique).sum()",
        "df.w.fillna(0, limit=3).sum()",
        "df.device.astype('category').cat.codes.sum()",
    ],
)
def test_no_look_at_other_rows_is_a_proof(cell: str) -> None:
    """Values found among those of a column, and its size, are not taken row by row."""
    assert not is_proven("sum", ast.parse(cell), "df")


@pytest.mark.parametrize(
    ("statistics", "are_sums"),
    [
        ("groupby('k').q.agg(['sum', 'count'])", True),
        ("groupby('k').agg({'q': 'sum', 'w': ['count']})", True),
        ("groupby('k').agg(n=('q', 'size'))", True),
        ("pivot_table(index='k', columns='g', values='q', aggfunc='sum')", True),
        ("groupby('k').q.agg(['sum', 'mean'])", False),
        ("groupby('k').q.agg('sum', min_count=9)", False),
        ("groupby('k').q.agg()", False),
        ("groupby('k').q.agg(how)", False),
        ("q.agg(['sum', 'count'])", False),
        ("pivot_table(index='k', columns='g', values='q')", False),
        ("pivot_table(index='k', values='q', aggfunc='sum', margins=True)", False),
    ],
)
def test_sums_by_name_are_a_proof(statistics: str, are_sums: bool) -> None:
    """Sums and counts of groups are, however they are named, and nothing else."""
    assert is_proven("sum", ast.parse(f"df.{statistics}"), "df") is are_sums


def test_trees_of_others_are_not_copied() -> None:
    """What a tool attaches to the operators that all trees share is left alone."""

    class Uncopied:
        def __deepcopy__(self, _memo: Any) -> Any:
            raise AssertionError

    tree = ast.parse("n = df.q * df.p\nn.sum()")
    product: Any = tree.body[0].value.op  # type: ignore[attr-defined] # of a product
    product.parent = Uncopied()
    try:
        assert is_proven("sum", tree, "df")
    finally:
        del product.parent


@pytest.mark.parametrize(
    "cell",
    [
        "(df.q.map(Decimal) / 7).sum()",
        "df.groupby('k').q.apply(lambda s: sum(Decimal(x) / 3 for x in s))",
        "sum((Decimal(str(x)) / 7 for x in df.v), Decimal(0))",
        "stats.describe(df.v).nobs",
    ],
)
def test_rounded_decimals_and_parts_of_descriptions_add_up(cell: str) -> None:
    """Decimals may differ in the last digits, and a part of a description adds up."""
    stats = pytest.importorskip("scipy.stats")
    table = make_table(3, 2_000)
    names = {"Decimal": Decimal, "stats": stats}
    value = run(cell, source=table, names=names).value
    whole = make_body(cell, **names)(table.copy())
    for one, other in zip(np.atleast_1d(value), np.atleast_1d(whole), strict=True):
        assert math.isclose(one, other, rel_tol=1e-12)


def test_decimals_that_do_not_add_up() -> None:
    """A difference beyond the last digits of a Decimal is refused."""
    cell = "max(Decimal(x) for x in df.q) / 7"
    with pytest.raises(ReduceError, match="does not add up"):
        run(cell, names={"Decimal": Decimal})


@pytest.mark.parametrize(
    ("cell", "statistic"),
    [
        ("duckdb.execute('select avg(v) from df').fetchone()[0]", "a mean"),
        ("duckdb.execute('select k, median(v) from df group by k').df()", "a median"),
        (
            "duckdb.execute('select count( distinct k) from df').fetchall()[0][0]",
            "a distinct count",
        ),
        ("model.score(df[['v']], df.q)", "a score"),
        ("np.sqrt(((model.predict(df[['v']]) - df.q) ** 2).mean())", "a mean"),
    ],
)
def test_what_cannot_be_tried_is_judged_by_its_code(cell: str, statistic: str) -> None:
    """A query or a model that may have an effect is refused for its statistic."""
    names = {"duckdb": pytest.importorskip("duckdb"), "model": object()}
    with pytest.raises(ReduceError, match=statistic):
        run(cell, names=names)


@pytest.mark.parametrize(
    ("op", "cell"),
    [
        ("sum", "(df.index % 11 == 0).sum()"),
        ("count", "df[df.index % 11 == 0]"),
        ("concat", "df[df.index % 11 == 0]"),
        ("sum", "complex(df.v.sum(), df.q.sum() / 7)"),
    ],
)
def test_what_depends_on_row_numbers_and_complex_sums_add_up(
    op: str, cell: str
) -> None:
    """Rows chosen by their numbers are those of the whole, and sums may be complex."""
    table = make_table(3, 2_000)
    value = run(cell, op, source=table).value
    whole = make_body(cell)(table.copy())
    if op == "sum":
        assert abs(value - whole) < 1e-6
    else:
        assert (value if op == "count" else len(value)) == len(whole)
