"""Connections to databases, and how each yields the rows of a query in batches."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from numbers import Number
from typing import Any, Protocol

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.sources.base import Request
from jupyter_memkit.techniques.chunked.sources.files import find_files
from jupyter_memkit.techniques.chunked.sources.python_rows import RowTables

QUERY = "the query"

# Python's values take several times the memory of a table, so batches are small.
_BATCH_ROWS = 10_000

_TEXT = frozenset({"str", "string", "large_string"})


class Database(Protocol):
    """A connection that a query can be sent to."""

    def quote(self, column: str) -> str:
        """Return the name of a column, quoted for a query."""

    def tables(self, query: str, request: Request) -> Generator[Any, None, None]:
        """Run a query, and yield its rows in small pyarrow tables.

        The first one, which may have no rows, has the columns. Closing the generator
        ends the query.

        Raises
        ------
        SourceError
            If the query fails, with the message of the database.
        """

    def is_sqlite(self) -> bool:
        """Return whether the database is SQLite, whose data are in files."""


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
            # A row factory of the user's could return dicts.
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

    It is the user's own connection, because another one does not see its temporary
    tables and frames; while it is read, other queries need a ``connection.cursor()``.
    """

    connection: Any

    def quote(self, column: str) -> str:
        """Return a column's name in quotes."""
        return _quote(column)

    def tables(self, query: str, _request: Request) -> Generator[Any, None, None]:
        """Stream the result, which DuckDB computes only as far as it is read."""
        duckdb = sys.modules["duckdb"]
        with _explaining(duckdb.Error):
            relation = self.connection.sql(query)
            _reject_no_rows([] if relation is None else relation.columns)
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
    """A connection of ADBC, whose driver returns tables."""

    connection: Any

    def quote(self, column: str) -> str:
        """Return a column's name in quotes."""
        return _quote(column)

    def tables(self, query: str, _request: Request) -> Generator[Any, None, None]:
        """Read the batches of the driver."""
        dbapi = sys.modules["adbc_driver_manager.dbapi"]
        with _explaining(dbapi.Error), closing(self.connection.cursor()) as cursor:
            cursor.execute(query)
            with closing(cursor.fetch_record_batch()) as reader:
                _reject_no_rows(reader.schema.names)
                yield from _read(reader)

    def is_sqlite(self) -> bool:
        """Ask the driver."""
        return bool(self.connection.adbc_get_info().get("vendor_name") == "SQLite")


@dataclass(frozen=True, slots=True)
class AlchemyDatabase:
    """An engine or a connection of SQLAlchemy, or the URL of one.

    The user's connection is used as it is. An engine opens a new one, and a URL also a
    new engine; these are closed at the end.
    """

    engine: Any

    def quote(self, column: str) -> str:
        """Return a column's name as the dialect of the database quotes it."""
        with self._connect() as connection:
            preparer = connection.dialect.identifier_preparer
            return str(preparer.quote_identifier(column))

    def tables(self, query: str, request: Request) -> Generator[Any, None, None]:
        """Stream the result, through a server-side cursor if there is one."""
        options = {
            "stream_results": True,
            "max_row_buffer": _BATCH_ROWS,
            # Percent signs are part of the query, not parameters.
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
    """Return the database of a connection or a URL; never imports its library."""
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
    """Create an engine, but let SQLite create no file that does not exist."""
    kind = url.partition("://")[0]
    try:
        parsed = alchemy.engine.make_url(url)
        engine = alchemy.create_engine(parsed)
    except (alchemy.exc.ArgumentError, ImportError) as error:
        # Without the URL, which may contain a password.
        message = (
            f"{kind}://… cannot be opened ({error}); install its driver with pip, or "
            "use a URL such as sqlite:///file.db"
        )
        raise SourceError(message) from error
    path = parsed.database or ":memory:"
    if parsed.get_backend_name() == "sqlite" and not path.startswith((":", "file:")):
        find_files(path)
    return engine


def _fetch(
    cursor: Any, names: list[str], request: Request
) -> Generator[Any, None, None]:
    """Yield the rows of a cursor as tables."""
    _reject_no_rows(names)
    make = RowTables(QUERY, names, request)
    kinds = _Kinds(names, request)
    yield make([])
    while rows := cursor.fetchmany(_BATCH_ROWS):
        kinds.check(rows)
        ready = [make(rows)]
        del rows
        yield ready.pop()


class _Kinds:
    """The types of the values so far, by column.

    SQLite keeps values of any type in a column. As text, numbers would silently be
    other values than those that pandas has.
    """

    def __init__(self, names: list[str], request: Request) -> None:
        self._names = names
        self._known: dict[str, dict[Any, str]] = {
            name: {} for name in names if request.types.get(name) not in _TEXT
        }

    def check(self, rows: Sequence[Sequence[Any]]) -> None:
        """Reject values of another type than those before, unless both are numbers."""
        for name, values in zip(self._names, zip(*rows, strict=True), strict=True):
            known = self._known.get(name)
            if known is None:
                continue
            for kind in set(map(type, values)) - {type(None)}:
                family = Number if issubclass(kind, Number) else kind
                known.setdefault(family, kind.__name__)
            if len(known) > 1:
                kinds = ", ".join(sorted(known.values()))
                message = (
                    f"{name} of {QUERY} has values of several types ({kinds}), which "
                    "no column of a chunk holds; use --types "
                    f"{write_list([f'{name}=str'])} for text, or CAST in the query"
                )
                raise SourceError(message)


def _read(reader: Any) -> Generator[Any, None, None]:
    arrow = import_library("pyarrow", QUERY)
    yield reader.schema.empty_table()
    # A for loop would hold each batch until it has the next.
    while (batch := next(reader, None)) is not None:
        ready = [arrow.Table.from_batches([batch])]
        del batch
        yield ready.pop()


def _reject_no_rows(columns: list[str]) -> None:
    if not columns:
        message = f"{QUERY} was run, but returns no rows; use a SELECT"
        raise SourceError(message)


def _quote(column: str) -> str:
    doubled = column.replace('"', '""')
    return f'"{doubled}"'


@contextmanager
def _explaining(*errors: type[Exception]) -> Iterator[None]:
    """Raise the errors of a database as one sentence with its message."""
    arrow = import_library("pyarrow", QUERY)
    try:
        yield
    except MemoryError:
        raise  # pyarrow's own is an ArrowException too, but not about the query.
    except (*errors, arrow.ArrowException, OSError) as error:
        text = str(getattr(error, "orig", None) or error)
        # After an empty line, or after this word, the query is repeated.
        first = text.partition("\n\n")[0].partition("\nquery:")[0]
        message = (
            f"{QUERY} fails ({' '.join(first.split())}); correct the query, or check "
            "that --connection is the right database"
        )
        raise SourceError(message) from error
