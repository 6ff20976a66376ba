"""Queries to real databases, read in batches."""

from __future__ import annotations

import datetime as dt
import decimal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sqlalchemy
from adbc_driver_sqlite import dbapi

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Request, TypeChange
from jupyter_memkit.techniques.chunked.sources.python_rows import RowTables
from jupyter_memkit.techniques.chunked.sources.sql import open_sql
from tests.techniques.chunked.sources.engine import chunks_of, load_from, load_one

N_ROWS = 25_000
QUERY = "select id, id / 2.0 as half, 'row ' || id as label from t order by id"
EXPECTED = pd.DataFrame(
    {
        "id": range(N_ROWS),
        "half": [number / 2 for number in range(N_ROWS)],
        "label": [f"row {number}" for number in range(N_ROWS)],
    }
)
Connect = Callable[[str], Any]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with a table."""
    path = tmp_path_factory.mktemp("sql") / "numbers.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table t(id integer)")
        connection.executemany(
            "insert into t values (?)", ([number] for number in range(N_ROWS))
        )
    return path


@pytest.fixture
def connect(path: Path) -> Iterator[Connect]:
    """Connect to the table by each library, and close at the end."""
    with ExitStack() as stack:

        def connect(library: str) -> Any:
            if library == "url":
                return f"sqlite:///{path}"
            if library == "sqlite3":
                return stack.enter_context(closing(sqlite3.connect(path)))
            if library == "duckdb":
                connection = stack.enter_context(duckdb.connect())
                connection.execute(
                    f"create temp table t as select range id from range({N_ROWS})"
                )
                return connection
            if library == "adbc":
                return stack.enter_context(dbapi.connect(str(path)))
            engine = sqlalchemy.create_engine(f"sqlite:///{path}")
            stack.callback(engine.dispose)
            if library == "engine":
                return engine
            return stack.enter_context(engine.connect())

        yield connect


LIBRARIES = ["sqlite3", "duckdb", "engine", "alchemy", "url", "adbc"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_chunks_are_the_result(connect: Connect, library: str) -> None:
    """The chunks together are the frame of the whole result, with its types."""
    source = open_sql(QUERY, connect(library))
    chunks = list(chunks_of(source, rows=7_000, backend="pandas"))
    assert [len(chunk) for chunk in chunks] == [7_000, 7_000, 7_000, 4_000]
    pd.testing.assert_frame_equal(pd.concat(chunks), EXPECTED)


@pytest.mark.parametrize("library", LIBRARIES)
def test_query_runs_again(connect: Connect, library: str) -> None:
    """A run that stops half-way leaves the connection free for the next one."""
    source = open_sql(QUERY, connect(library))
    for _ in range(2):
        chunks = iter(chunks_of(source, rows=100, backend="pandas"))
        assert next(chunks).id.tolist() == list(range(100))
        chunks.close()  # type: ignore[attr-defined] # it is a generator


@pytest.mark.parametrize("library", LIBRARIES)
def test_columns(connect: Connect, library: str) -> None:
    """The columns are known before a run, and only the requested ones are read."""
    for query in (QUERY, QUERY.partition(" order")[0] + " -- as they are"):
        source = open_sql(query, connect(library))
        assert source.columns() == ("id", "half", "label")
        chunk = next(
            iter(chunks_of(source, rows=5, columns=("label",), backend="pandas"))
        )
        assert list(chunk.columns) == ["label"]
        assert (
            len(next(iter(chunks_of(source, rows=5, columns=(), backend="pandas"))))
            == 5
        )


@pytest.mark.parametrize("library", LIBRARIES)
def test_continues(connect: Connect, library: str) -> None:
    """Reading can continue where it stopped, and a piece can be read separately."""
    source = open_sql(QUERY, connect(library))
    pieces = source.pieces(Request(rows=lambda: 9_000))
    first, second = next(pieces), next(pieces)
    expected = second.load()
    pieces.close()
    later = load_from(source, first.end, 9_000)
    assert [table["id"][0].as_py() for table in later] == [9_000, 18_000]
    assert load_one(source, second, 9_000).equals(expected)


@pytest.mark.parametrize("library", LIBRARIES)
def test_wrong_query(connect: Connect, library: str) -> None:
    """A wrong query raises an error of one sentence with the database's own message."""
    source = open_sql("select a from nowhere", connect(library))
    with pytest.raises(
        SourceError, match=r"^the query fails \([^\n]*nowhere"
    ) as caught:
        list(chunks_of(source))
    assert "\n" not in str(caught.value)
    assert source.columns() is None


@pytest.mark.parametrize("backend", ["polars", "arrow"])
def test_other_frames(connect: Connect, backend: str) -> None:
    """The chunks are frames of the requested backend."""
    source = open_sql(QUERY, connect("sqlite3"))
    chunk: Any = next(iter(chunks_of(source, rows=3, backend=backend)))
    assert type(chunk) is {"polars": pl.DataFrame, "arrow": pa.Table}[backend]
    assert pa.table(chunk)["id"].to_pylist() == [0, 1, 2]


def in_memory(values: list[Any]) -> sqlite3.Connection:
    """Make a table whose column can hold anything."""
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t(x)")
    connection.executemany("insert into t values (?)", ([value] for value in values))
    return connection


MANY = 12_000


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1] * MANY + [2.5], "float64"),
        ([1] * MANY + [None], "float64"),
        ([None] * MANY + [3], "float64"),
        ([None] * MANY + [2.5], "float64"),
        ([None] * MANY + ["a"], "str"),
        ([1, 2.5, None], "float64"),
        ([None, None], "object"),
        ([None] * MANY + [b"a"], "object"),
    ],
)
def test_types_that_show_late(values: list[Any], dtype: str) -> None:
    """All chunks have the type that holds every value, whichever came first."""
    with closing(in_memory(values)) as connection:
        source = open_sql("select x from t", connection)

        def types(chunk: Any) -> set[str]:
            return {str(chunk.x.dtype)}

        types.is_repeatable = True  # type: ignore[attr-defined] # as a cell may be
        run = chunks_of(source, rows=5_000, backend="pandas").map(types)
        assert run.reduce("union") == {dtype}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1] * MANY + [2.5], "double"),
        ([None] * MANY + [3], "int64"),
        ([None] * MANY + ["a"], "large_string"),
    ],
)
def test_types_of_arrow_that_show_late(values: list[Any], kind: str) -> None:
    """Tables have one type too, and the error says how to set it."""
    with closing(in_memory(values)) as connection:
        source = open_sql("select x from t", connection)
        with pytest.raises(TypeChange, match=f"--types x={kind}") as caught:
            list(chunks_of(source, rows=5_000, backend="arrow"))
        chunks = chunks_of(
            source, rows=5_000, backend="arrow", types=caught.value.types
        )
        assert {str(chunk.schema.field("x").type) for chunk in chunks} == {kind}


def test_decimals_of_rows() -> None:
    """Decimals in rows become floats, whatever their digits."""
    rows = RowTables("the query", ["x"], Request(rows=int, backend="pandas"))
    values = [decimal.Decimal("1.5"), decimal.Decimal("22.125"), None]
    tables = [rows([[value]]) for value in values]
    assert pa.concat_tables(tables)["x"].to_pylist() == [1.5, 22.125, None]


def test_decimals() -> None:
    """Decimals of DuckDB are floats in pandas, as in its own frames."""
    with duckdb.connect() as connection:
        source = open_sql("select 1.25::decimal(9, 2) as price", connection)
        (frame,) = chunks_of(source, backend="pandas")
        (table,) = chunks_of(source, backend="arrow")
    assert (str(frame.price.dtype), frame.price[0]) == ("float64", 1.25)
    assert table["price"][0].as_py() == decimal.Decimal("1.25")


def test_times(tmp_path: Path) -> None:
    """Times of sqlite3's converters are times, even if the first rows have none."""
    converters = sqlite3.PARSE_DECLTYPES
    sqlite3.register_converter(
        "moment", lambda text: dt.datetime.fromisoformat(text.decode())
    )
    with closing(
        sqlite3.connect(tmp_path / "a.db", detect_types=converters)
    ) as connection:
        connection.execute("create table t(at moment)")
        connection.executemany("insert into t values (?)", [[None]] * MANY)
        connection.execute("insert into t values ('2024-01-02 03:04:05')")
        source = open_sql("select at from t", connection)
        with pytest.raises(TypeChange) as caught:
            list(chunks_of(source, rows=MANY, backend="pandas"))
        types = caught.value.types
        chunks = list(chunks_of(source, rows=MANY, backend="pandas", types=types))
    assert {str(chunk["at"].dtype) for chunk in chunks} == {types["at"]}
    assert chunks[-1]["at"].iloc[0] == pd.Timestamp("2024-01-02 03:04:05")


def test_categories(connect: Connect) -> None:
    """Columns that are requested as categories have the same ones to the end."""
    query = "select case when id < 20000 then 'a' else 'b' end as kind from t"
    for library in ("sqlite3", "duckdb"):
        source = open_sql(query, connect(library))
        chunks = list(
            chunks_of(
                source, rows=12_000, backend="pandas", categories=frozenset({"kind"})
            )
        )
        assert list(chunks[-1].kind.cat.categories) == ["a", "b"]
        assert sum(int((chunk.kind == "b").sum()) for chunk in chunks) == 5_000


def test_row_factory(path: Path) -> None:
    """Rows are read as values, even if the user gets them as dicts."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = lambda _cursor, row: {"row": row}
        source = open_sql("select id from t limit 2", connection)
        (chunk,) = chunks_of(source, backend="pandas")
    assert chunk.id.tolist() == [0, 1]


def test_fingerprint(tmp_path: Path) -> None:
    """The fingerprint of a query changes when the SQLite file does."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t(x)")
        connection.commit()
        source = open_sql("select x from t order by x", connection)
        before = source.fingerprint()
        assert open_sql(source.query + ";", f"sqlite:///{path}").fingerprint() == before
        assert source.fingerprint() == before
        connection.execute("create table u as select 1")
        connection.commit()
        assert source.fingerprint() != before


@pytest.mark.parametrize(
    "query",
    [
        "select id from t",
        "select id, rank() over (order by id) from t",
        "select id, 'order by' from (select id from t order by id)",
        "select id from t -- order by id",
    ],
)
def test_no_order(connect: Connect, query: str) -> None:
    """A run over a result without an order cannot be resumed."""
    source = open_sql(query, connect("sqlite3"))
    with pytest.raises(SourceError, match="add an ORDER BY"):
        source.fingerprint()
    with pytest.raises(SourceError, match="add an ORDER BY"):
        load_from(source, [0, 3])


@pytest.mark.parametrize("library", ["duckdb", "sqlite3"])
def test_unknown_changes(library: str) -> None:
    """A run over a database in memory cannot be resumed."""
    connection: Any = {"duckdb": duckdb, "sqlite3": sqlite3}[library].connect(
        ":memory:"
    )
    with closing(connection):
        source = open_sql("select 1 as a order by a", connection)
        with pytest.raises(SourceError, match="write its result to a Parquet file"):
            source.fingerprint()


def test_streams(path: Path) -> None:
    """The database computes no more of the result than is read."""
    seen = []

    def see(value: int) -> int:
        seen.append(value)
        return value

    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("see", 1, see)
        source = open_sql("select see(id) as id from t", connection)
        chunks = iter(chunks_of(source, rows=10, backend="pandas"))
        next(chunks)
        chunks.close()  # type: ignore[attr-defined] # it is a generator
    assert len(seen) <= 10_001


@pytest.mark.parametrize(
    ("query", "connection", "said"),
    [
        (" ; ", "sqlite://", "the query is empty"),
        ("select 1", "nowhere", "the str is not a supported connection"),
        ("select 1", object(), "the object is not a supported connection"),
        ("select 1", "nix://somewhere", "nix://… cannot be opened"),
        ("select 1", "sqlite:///missing.db", "there is no file missing.db"),
        ("create table t(x)", "sqlite://", "returns no rows; use a SELECT"),
        ("select 1 as a, 2 as a", "sqlite://", "several columns named a;"),
    ],
)
def test_refused(query: str, connection: Any, said: str) -> None:
    """A query that cannot be read is rejected with a remedy, and creates nothing."""
    with pytest.raises(SourceError, match=said):
        list(chunks_of(open_sql(query, connection)))
    assert not Path("missing.db").exists()


def test_no_password_in_errors() -> None:
    """The error for a URL that fails does not contain its password."""
    source = open_sql("select 1", "postgresql+nix://me:secret@host/x")
    with pytest.raises(SourceError) as caught:
        list(chunks_of(source))
    assert "secret" not in str(caught.value)


def test_error_on_the_way() -> None:
    """A value that the database cannot convert raises an error with its message."""
    with duckdb.connect() as connection:
        source = open_sql(
            "select case when range < 50000 then '1' else 'a' end::int as x "
            "from range(100000)",
            connection,
        )
        with pytest.raises(SourceError, match="Could not convert string 'a' to INT32"):
            list(chunks_of(source, rows=10_000, backend="pandas"))
