"""Connections to databases, and how each gives the rows of a query bit by bit."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Request
from jupyter_memkit.techniques.chunked.sources.files import find_files, import_library
from jupyter_memkit.techniques.chunked.sources.python_rows import RowTables

QUERY = "the query"

# Python's values take several times the memory of a table, so it is few at once.
_BATCH_ROWS = 10_000


class Database(Protocol):
    """A connection that a query can be sent to."""

    def quote(self, column: str) -> str:
        """Return a column's name as a query has to have it."""

    def tables(self, query: str, request: Request) -> Generator[Any, None, None]:
        """Run a query, and yield its rows in small tables of pyarrow.

        The first one, which may be without rows, tells the columns. Closing the
        generator ends the query.

        Raises
        ------
        SourceError
            With the database's own message.
        """

    def is_sqlite(self) -> bool:
        """Tell whether SQLite is behind it, whose data are in files."""


@dataclass(frozen=True, slots=True)
class SqliteDatabase:
    """A connection of the standard library, which belongs to one thread."""

    connection: Any

    def quote(self, column: str) -> str:
        """Return a column's name in quotes."""
        return _quote(column)

    def tables(self, query: str, request: Request) -> Generator[Any, None, None]:
        """Step through a cursor."""
        sqlite = sys.modules["sqlite3"]
        with _explaining(sqlite.Error), closing(self.connection.cursor()) as cursor:
            # A dictionary of the user's would give names instead of values.
            cursor.row_factory = None
            cursor.execute(query)
            names = [column[0] for column in cursor.description or ()]
            yield from _fetch(cursor, names, request)

    def is_sqlite(self) -> bool:
        """Return True."""
        return True


@dataclass(frozen=True, slots=True)
class DuckDatabase:
    """A connection of DuckDB.

    It is the user's own, since another does not see its temporary tables and frames;
    while it is read, other queries need a ``connection.cursor()``.
    """

    connection: Any

    def quote(self, column: str) -> str:
        """Return a column's name in quotes."""
        return _quote(column)

    def tables(self, query: str, _request: Request) -> Generator[Any, None, None]:
        """Stream the result, of which DuckDB makes no more than is read."""
        duckdb = sys.modules["duckdb"]
        with _explaining(duckdb.Error):
            relation = self.connection.sql(query)
            _refuse_no_rows([] if relation is None else relation.columns)
            stream = getattr(relation, "to_arrow_reader", None)
            if stream is None:  # Before version 1.4.
                stream = relation.fetch_arrow_reader
            with closing(stream(_BATCH_ROWS)) as reader:
                yield from _read(reader)

    def is_sqlite(self) -> bool:
        """Return False."""
        return False


@dataclass(frozen=True, slots=True)
class AdbcDatabase:
    """A connection of ADBC's, whose driver gives tables."""

    connection: Any

    def quote(self, column: str) -> str:
        """Return a column's name in quotes."""
        return _quote(column)

    def tables(self, query: str, _request: Request) -> Generator[Any, None, None]:
        """Read the driver's batches."""
        dbapi = sys.modules["adbc_driver_manager.dbapi"]
        with _explaining(dbapi.Error), closing(self.connection.cursor()) as cursor:
            cursor.execute(query)
            with closing(cursor.fetch_record_batch()) as reader:
                _refuse_no_rows(reader.schema.names)
                yield from _read(reader)

    def is_sqlite(self) -> bool:
        """Ask the driver."""
        return bool(self.connection.adbc_get_info().get("vendor_name") == "SQLite")


@dataclass(frozen=True, slots=True)
class AlchemyDatabase:
    """An engine or a connection of SQLAlchemy, or the URL of one.

    A connection is the user's; of an engine it is one of its own, and of a URL also
    the engine, closed at the end.
    """

    engine: Any

    def quote(self, column: str) -> str:
        """Return a column's name as the database's dialect quotes it."""
        with self._connect() as connection:
            preparer = connection.dialect.identifier_preparer
            return str(preparer.quote_identifier(column))

    def tables(self, query: str, request: Request) -> Generator[Any, None, None]:
        """Stream the result through a cursor of the server's where it has one."""
        options = {
            "stream_results": True,
            "max_row_buffer": _BATCH_ROWS,
            # So that percent signs are the query's own.
            "no_parameters": True,
        }
        with self._connect() as connection:
            result = connection.exec_driver_sql(query, execution_options=options)
            with closing(result):
                names = list(result.keys()) if result.returns_rows else []
                yield from _fetch(result, names, request)

    def is_sqlite(self) -> bool:
        """Ask the dialect."""
        with self._connect() as connection:
            return bool(connection.dialect.name == "sqlite")

    @contextmanager
    def _connect(self) -> Iterator[Any]:
        alchemy = import_library("sqlalchemy", "a database by its URL")
        with contextlib.ExitStack() as stack:
            stack.enter_context(_explaining(alchemy.exc.SQLAlchemyError))
            engine = self.engine
            if isinstance(engine, str):
                engine = _create_engine(alchemy, engine)
                stack.callback(engine.dispose)
            if isinstance(engine, alchemy.engine.Engine):
                yield stack.enter_context(engine.connect())
            else:
                yield engine


def find_database(connection: Any) -> Database | None:
    """Return what reads from a connection, or from a URL; never imports its library."""
    if isinstance(connection, str):
        return AlchemyDatabase(connection) if "://" in connection else None
    for module, names, kind in _KINDS:
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(
            connection, tuple(getattr(loaded, name) for name in names)
        ):
            return kind(connection)
    return None


_KINDS: tuple[tuple[str, tuple[str, ...], Callable[[Any], Database]], ...] = (
    ("sqlite3", ("Connection",), SqliteDatabase),
    ("duckdb", ("DuckDBPyConnection",), DuckDatabase),
    ("sqlalchemy.engine", ("Engine", "Connection"), AlchemyDatabase),
    ("adbc_driver_manager.dbapi", ("Connection",), AdbcDatabase),
)


def _create_engine(alchemy: Any, url: str) -> Any:
    """Make an engine; SQLite alone would make a new file of one that is not there."""
    kind = url.partition("://")[0]
    try:
        parsed = alchemy.engine.make_url(url)
        engine = alchemy.create_engine(parsed)
    except (alchemy.exc.ArgumentError, ImportError) as error:
        # Without the URL, which may hold a password.
        message = (
            f"{kind}://… cannot be opened ({error}); install its driver with pip, or "
            "give a URL such as sqlite:///file.db"
        )
        raise SourceError(message) from error
    path = parsed.database or ":memory:"
    if parsed.get_backend_name() == "sqlite" and not path.startswith((":", "file:")):
        find_files(path)
    return engine


def _fetch(
    cursor: Any, names: list[str], request: Request
) -> Generator[Any, None, None]:
    """Make tables of what a cursor gives in rows."""
    _refuse_no_rows(names)
    make = RowTables(QUERY, names, request)
    yield make([])
    while rows := cursor.fetchmany(_BATCH_ROWS):
        ready = [make(rows)]
        del rows
        yield ready.pop()


def _read(reader: Any) -> Generator[Any, None, None]:
    arrow = import_library("pyarrow", QUERY)
    yield reader.schema.empty_table()
    # A loop would hold each batch until it has the next.
    while (batch := next(reader, None)) is not None:
        ready = [arrow.Table.from_batches([batch])]
        del batch
        yield ready.pop()


def _refuse_no_rows(columns: list[str]) -> None:
    if not columns:
        message = f"{QUERY} gives no rows; give a SELECT"
        raise SourceError(message)


def _quote(column: str) -> str:
    doubled = column.replace('"', '""')
    return f'"{doubled}"'


@contextmanager
def _explaining(*errors: type[Exception]) -> Iterator[None]:
    """Turn what a database raises into a sentence with its message."""
    arrow = import_library("pyarrow", QUERY)
    try:
        yield
    except MemoryError:
        raise  # pyarrow's own is an ArrowException too, but says nothing of the query.
    except (*errors, arrow.ArrowException, OSError) as error:
        said = str(getattr(error, "orig", None) or error)
        # Below an empty line, or after this word, the query is said again.
        first = said.partition("\n\n")[0].partition("\nquery:")[0]
        message = (
            f"{QUERY} fails ({' '.join(first.split())}); correct it, or give the "
            "connection that it is for"
        )
        raise SourceError(message) from error
