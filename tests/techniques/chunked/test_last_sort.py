"""What a cell sorts at its end is sorted in the result."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pytest

from jupyter_memkit.techniques.chunked import chunked
from tests.techniques.chunked.bodies import make_body
from tests.techniques.chunked.reductions import make_table

TABLE = make_table(3, 2_000)


def run(code: str, op: str = "sum", **options: Any) -> Any:
    """Return the summary of a cell over chunks of 300 rows."""
    return chunked(TABLE, rows=300).map(make_body(code)).run(op, **options)


def check(code: str, value: Any) -> None:
    """Compare the result of a cell with that over all rows at once."""
    expected = make_body(code)(TABLE)
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(value, expected)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(value, expected)
    else:
        assert list(value.items()) == list(expected.items())


@pytest.mark.parametrize("rehearsal", [True, False])
@pytest.mark.parametrize(
    "code",
    [
        "df.groupby('s').q.sum().sort_values(ascending=False)",
        "df.groupby('s').q.sum().sort_values(key=lambda each: -each).rename('n')",
        "df.groupby('k')[['q', 'g']].sum().sort_values(by=['q', 'g'])",
        "df.groupby('s').size().sort_values().to_frame('n').reset_index()",
        "df.groupby('g').size().reset_index(name='n').sort_values('n')",
        "df.groupby('s', as_index=False).q.sum().sort_values('q', ignore_index=True)",
        "df.groupby(['g', 's']).q.sum().sort_index(level='s', ascending=False)",
        "df.s.value_counts().sort_index(ascending=False)",
        "df.s.value_counts(ascending=True)",
        "df.s.value_counts().to_dict()",
        "df.groupby('s').q.sum().sort_values().to_dict()",
    ],
)
def test_sorted_sums(code: str, *, rehearsal: bool) -> None:
    """Sums that the cell sorts are sorted as over all rows at once."""
    summary = run(code, rehearsal=rehearsal)
    check(code, summary.value)
    assert summary.notes == ()


def test_sorted_maxima() -> None:
    """Extremes that the cell sorts are sorted, too, also those of other processes."""
    code = "df.groupby('s').v.max().sort_values()"
    check(code, run(code, "max", workers=1).value)


@pytest.mark.parametrize(
    "code",
    [
        "by = 'q'\ndf.groupby('s')[['q']].sum().sort_values(by)",
        "sums = df.groupby('s').q.sum().sort_values()\nsums",
        "dict(df.groupby('s').q.sum().sort_values())",
        "df.groupby('s').k.value_counts()",
    ],
)
def test_sums_in_no_order(code: str) -> None:
    """Where the result is not sorted as the cell says, the summary says so."""
    (note,) = run(code).notes
    assert note.startswith("The result is not in the order that the cell gives")


def test_equal_items_in_another_order() -> None:
    """Equal items, which no order is promised for, are no reason for a note."""
    assert run("df.k.value_counts()").notes == ()


def test_counts_in_no_order() -> None:
    """Counts of polars, which are in no order over all rows either, get no note."""
    code = "df['k'].value_counts().to_pandas().set_index('k')"
    source = pl.from_pandas(TABLE)
    assert chunked(source, rows=300).map(make_body(code)).run("sum").notes == ()


def test_an_error_of_the_sort() -> None:
    """A sort that fails fails in the first chunk, as the cell's own error."""
    job = chunked(TABLE, rows=300).map(
        make_body("df.groupby('s')[['q']].sum().sort_values('p')")
    )
    with pytest.raises(KeyError, match="p"):
        job.run("sum")
    assert job.position.in_function
    assert job.summary is not None
    assert job.summary.chunks == 0


def test_collected_values_stay_sorted() -> None:
    """The values of the chunks themselves are sorted as in the cell."""
    code = "df.groupby('s').q.sum().sort_values()"
    first, *_ = run(code, "append").value
    assert first.is_monotonic_increasing
