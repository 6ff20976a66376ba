"""The result of a query, read from the database bit by bit."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_QUERY,
    Loaded,
    Piece,
    Request,
)
from jupyter_memkit.techniques.chunked.sources.cutting import cut_pieces
from jupyter_memkit.techniques.chunked.sources.databases import (
    QUERY,
    Database,
    find_database,
)
from jupyter_memkit.techniques.chunked.sources.files import (
    file_fingerprint,
    import_library,
)

_ASIDE = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_INNERMOST = re.compile(r"\([^()]*\)")
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSource:
    """The rows of a query, in the order in which the database gives them.

    Parameters
    ----------
    query : str
        One that gives rows.
    database : Database
        Where it is sent to.
    """

    query: str
    database: Database
    name: str = QUERY
    # To count the rows would be to run the query.
    total_rows: None = None
    row_bytes: None = None
    backend: str = FROM_QUERY

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of its columns; None where only a run tells them."""
        query = self._around("*", "where 1 = 0")
        try:
            with closing(self.database.tables(query, _NO_ROWS)) as tables:
                return tuple(next(tables).column_names)
        except SourceError:
            # Either it cannot stand in another query, or the run will say what fails.
            return None

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return nothing: the types show with the rows."""
        return {}

    def fingerprint(self) -> Any:
        """Return the query, and what changes when the files of SQLite do.

        Raises
        ------
        SourceError
            When the query has no order, or nothing tells whether the data changed.
        """
        self._refuse_disorder()
        files = self._files()
        if not files:
            message = (
                f"{QUERY} cannot go on where another run stopped, for its data may "
                "have changed; write its result to a Parquet file, and give that"
            )
            raise SourceError(message)
        # What is new in a database may be in a file beside it.
        beside = [file.with_name(f"{file.name}-wal") for file in files]
        return [self.query] + [
            file_fingerprint(file) for file in (*files, *beside) if file.exists()
        ]

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Run the query; of one that goes on, leave out the rows that were read."""
        row, skipped = 0, 0
        if request.start is not None:
            self._refuse_disorder()
            row, skipped = request.start
        yield from cut_pieces(self._batches(request), request, row + skipped)

    def _batches(self, request: Request) -> Generator[Piece, None, None]:
        query, columns = self.query, request.columns
        if columns is not None and not self._has_order():
            # An order within another query need not last.
            chosen = columns or (self.columns() or ())[:1]
            if chosen:
                query = self._around(", ".join(map(self.database.quote, chosen)))
        row = 0
        with closing(self.database.tables(query, request)) as tables:
            for table in tables:
                _refuse_doubles(table.column_names)
                start, row = row, row + len(table)
                ready = Loaded(_choose(table, request))
                del table
                yield Piece(load=ready, start=start, end=row, rows=row - start)

    def _around(self, columns: str, rest: str = "") -> str:
        """Return a query for some columns of the query."""
        # On lines of its own, for it may end with a comment.
        return (
            f"select {columns} from (\n"  # noqa: S608 - the query is the user's
            f"{self.query}\n) memkit_rows {rest}"
        )

    def _has_order(self) -> bool:
        """Tell whether the query sorts its result, not only something within it."""
        text = _ASIDE.sub(" ", self.query)
        while text != (shorter := _INNERMOST.sub(" ", text)):
            text = shorter
        return _ORDER.search(text) is not None

    def _refuse_disorder(self) -> None:
        if not self._has_order():
            message = (
                f"{QUERY} may give its rows in another order each time, so no run can "
                "go on where another stopped; give it an ORDER BY over a unique column"
            )
            raise SourceError(message)

    def _files(self) -> list[Path]:
        if not self.database.is_sqlite():
            return []
        found = self.database.tables("pragma database_list", _NO_ROWS)
        names = [name for table in found for name in table.column("file").to_pylist()]
        return [Path(name) for name in names if name]


# Of a question to the database that is no reading of the source.
_NO_ROWS = Request(rows=lambda: 1)


def open_sql(query: str, connection: Any) -> SqlSource:
    """Return the source that reads the result of a query; nothing is read yet.

    Parameters
    ----------
    query : str
        One statement that gives rows.
    connection : object
        A connection of sqlite3, DuckDB or ADBC, an engine or a connection of
        SQLAlchemy, or a URL for SQLAlchemy, such as ``"sqlite:///file.db"``.

    Raises
    ------
    SourceError
        When there is no query, or no such connection.
    """
    statement = query.strip().rstrip(";").rstrip()
    if not statement:
        message = "the query is empty; give a SELECT"
        raise SourceError(message)
    database = find_database(connection)
    if database is None:
        message = (
            f"the {type(connection).__name__} given is no connection that can be read "
            "bit by bit; give one of sqlite3, DuckDB, SQLAlchemy or ADBC, or a URL "
            "such as sqlite:///file.db"
        )
        raise SourceError(message)
    return SqlSource(query=statement, database=database)


def _refuse_doubles(names: list[str]) -> None:
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        message = (
            f"{QUERY} gives several columns named {', '.join(doubles)}; "
            "give each its own name with AS"
        )
        raise SourceError(message)


def _choose(table: Any, request: Request) -> Any:
    """Return the columns and types that were asked for."""
    if request.columns is not None:
        table = table.select(list(request.columns) or table.column_names[:1])
    arrow = import_library("pyarrow", QUERY)
    for position, field in enumerate(table.schema):
        if field.name in request.categories:
            values = table.column(position).dictionary_encode()
        elif arrow.types.is_decimal(field.type) and request.backend in _OF_FLOATS:
            values = table.column(position).cast(arrow.float64())
        else:
            continue
        table = table.set_column(position, field.name, values)
    return table


# pandas has no decimals, and what it reads of a database are floats.
_OF_FLOATS = frozenset({"pandas", "numpy"})
