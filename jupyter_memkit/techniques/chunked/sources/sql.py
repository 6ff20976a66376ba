"""The result of a query, read from the database in batches."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
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
from jupyter_memkit.techniques.chunked.sources.files import file_fingerprint

_ASIDE = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_INNERMOST = re.compile(r"\([^()]*\)")
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSource:
    """The rows of a query, in the order in which the database returns them.

    Parameters
    ----------
    query : str
        A query that returns rows.
    database : Database
        The database.
    """

    query: str
    database: Database
    name: str = QUERY
    # Counting the rows would take running the query.
    total_rows: None = None
    row_bytes: None = None
    backend: str = FROM_QUERY

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of its columns; None if only a run shows them."""
        query = self._around("*", "where 1 = 0")
        try:
            with closing(self.database.tables(query, _NO_ROWS)) as tables:
                return tuple(next(tables).column_names)
        except SourceError:
            # It cannot be a subquery, or it fails, which the run reports.
            return None

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: they show with the rows."""
        return {}

    def fingerprint(self) -> Any:
        """Return the query, and the state of the files of SQLite.

        Raises
        ------
        SourceError
            If the query has no order, or nothing shows whether the data changed.
        """
        self._reject_disorder()
        files = self._files()
        if not files:
            message = (
                f"a run over {QUERY} cannot be resumed, because its data may have "
                "changed; write its result to a Parquet file, and use that file"
            )
            raise SourceError(message)
        # New data may be in a write-ahead log next to the database.
        logs = [file.with_name(f"{file.name}-wal") for file in files]
        return [self.query] + [
            file_fingerprint(file) for file in (*files, *logs) if file.exists()
        ]

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Run the query; when resuming, skip the rows that were read."""
        row, skipped = 0, 0
        if request.start is not None:
            self._reject_disorder()
            row, skipped = request.start
        yield from cut_pieces(self._batches(request), request, row + skipped)

    def _batches(self, request: Request) -> Generator[Piece, None, None]:
        query, columns = self.query, request.columns
        if columns is not None and not self._has_order():
            # The order of a subquery may be lost.
            chosen = columns or (self.columns() or ())[:1]
            if chosen:
                query = self._around(", ".join(map(self.database.quote, chosen)))
        row = 0
        with closing(self.database.tables(query, request)) as tables:
            for table in tables:
                _reject_duplicates(table.column_names)
                start, row = row, row + len(table)
                ready = Loaded(_choose(table, request))
                del table
                yield Piece(load=ready, start=start, end=row, rows=row - start)

    def _around(self, columns: str, rest: str = "") -> str:
        """Return a query for some columns, with the query as a subquery."""
        # On separate lines, because it may end with a comment.
        return (
            f"select {columns} from (\n"  # noqa: S608 - the query is the user's
            f"{self.query}\n) memkit_rows {rest}"
        )

    def _has_order(self) -> bool:
        """Return whether the query sorts its result, not only a subquery."""
        text = _ASIDE.sub(" ", self.query)
        while text != (shorter := _INNERMOST.sub(" ", text)):
            text = shorter
        return _ORDER.search(text) is not None

    def _reject_disorder(self) -> None:
        if not self._has_order():
            message = (
                f"{QUERY} may return its rows in another order each time, so a run "
                "cannot be resumed; add an ORDER BY over a unique column"
            )
            raise SourceError(message)

    def _files(self) -> list[Path]:
        if not self.database.is_sqlite():
            return []
        found = self.database.tables("pragma database_list", _NO_ROWS)
        names = [name for table in found for name in table.column("file").to_pylist()]
        return [Path(name) for name in names if name]


# For queries about the source that do not read its rows.
_NO_ROWS = Request(rows=lambda: 1)


def open_sql(query: str, connection: Any) -> SqlSource:
    """Return the source of the result of a query; nothing is read yet.

    Parameters
    ----------
    query : str
        A single statement that returns rows.
    connection : object
        A connection of sqlite3, DuckDB or ADBC, an engine or a connection of
        SQLAlchemy, or a URL for SQLAlchemy, such as ``"sqlite:///file.db"``.

    Raises
    ------
    SourceError
        If the query is empty, or the connection is not supported.
    """
    statement = query.strip().rstrip(";").rstrip()
    if not statement:
        message = "the query is empty; use a SELECT"
        raise SourceError(message)
    database = find_database(connection)
    if database is None:
        message = (
            f"the {type(connection).__name__} is not a supported connection; use one "
            "of sqlite3, DuckDB, SQLAlchemy or ADBC, or a URL such as "
            "sqlite:///file.db"
        )
        raise SourceError(message)
    return SqlSource(query=statement, database=database)


def _reject_duplicates(names: list[str]) -> None:
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        message = (
            f"{QUERY} returns several columns named {', '.join(duplicates)}; "
            "give each its own name with AS"
        )
        raise SourceError(message)


def _choose(table: Any, request: Request) -> Any:
    """Return a table with the columns and types of the request."""
    if request.columns is not None:
        table = table.select(list(request.columns) or table.column_names[:1])
    arrow = import_library("pyarrow", QUERY)
    for position, field in enumerate(table.schema):
        if field.name in request.categories:
            values = table.column(position).dictionary_encode()
        elif arrow.types.is_decimal(field.type) and request.backend in _FLOAT_BACKENDS:
            values = table.column(position).cast(arrow.float64())
        else:
            continue
        table = table.set_column(position, field.name, values)
    return table


# pandas has no decimals, and reads those of a database as floats.
_FLOAT_BACKENDS = frozenset({"pandas", "numpy"})
