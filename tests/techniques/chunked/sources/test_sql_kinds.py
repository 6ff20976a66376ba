"""Columns of queries whose values are of several types, as SQLite allows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked

N_ROWS = 3_000


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """Connect to a table with columns of mixed values, from the start or late."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table t(late, early, blob, number, empty)")
        connection.executemany(
            "insert into t values (?, ?, ?, ?, ?)",
            [
                (
                    number if number < 2_000 else f"t{number}",
                    number if number % 2 else f"t{number}",
                    b"x" if number % 2 else "x",
                    number if number < 2_000 else number + 0.5,
                    None if number < 2_000 else "x",
                )
                for number in range(N_ROWS)
            ],
        )
        yield connection


def run(connection: Any, query: str, **options: Any) -> pd.DataFrame:
    """Return the result of a query, read in chunks."""
    job = chunked(connection, sql=query, rows=700, **options)
    frames = [
        chunk.to_pandas() if hasattr(chunk, "to_pandas") else pd.DataFrame(chunk)
        for chunk in job
    ]
    joined: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return joined


@pytest.mark.parametrize("backend", ["pandas", "numpy", "polars", "arrow"])
@pytest.mark.parametrize(
    ("column", "kinds"),
    [("late", "int, str"), ("early", "int, str"), ("blob", "bytes, str")],
)
def test_values_of_several_types(
    connection: Any, column: str, kinds: str, backend: str
) -> None:
    """Numbers never become text silently: the column is refused with two remedies."""
    with pytest.raises(SourceError) as raised:
        run(connection, f"select {column} from t", backend=backend)
    assert str(raised.value) == (
        f"{column} of the query has values of several types ({kinds}), which no column "
        f"of a chunk holds; use --types {column}=str for text, or CAST in the query"
    )


@pytest.mark.parametrize("backend", ["pandas", "numpy", "polars", "arrow"])
@pytest.mark.parametrize("column", ["late", "early"])
def test_remedies(connection: Any, column: str, backend: str) -> None:
    """Both remedies give the values as text."""
    values = connection.execute(f"select {column} from t").fetchall()
    expected = [str(value) for (value,) in values]
    query = f"select {column} as a from t"
    chosen = run(connection, query, backend=backend, types={"a": "str"})
    assert chosen.iloc[:, 0].tolist() == expected
    query = f"select cast({column} as text) as a from t"
    assert run(connection, query, backend=backend).iloc[:, 0].tolist() == expected


@pytest.mark.parametrize("column", ["number", "empty"])
def test_values_that_one_type_holds(connection: Any, column: str) -> None:
    """Integers and floats, or nothing and text, are as pandas reads them."""
    query = f"select {column} from t"
    expected = pd.read_sql(query, connection)
    types = {column: str(expected[column].dtype)}
    found = run(connection, query, backend="pandas", types=types)
    pd.testing.assert_frame_equal(found, expected)


def test_restarts_do_not_choose_text(connection: Any) -> None:
    """A column that became floats is refused too if it has text later."""
    query = "select number as a from t union all select 'x'"
    with pytest.raises(SourceError, match="several types"):
        run(connection, query, backend="pandas", types={"a": "float64"})
