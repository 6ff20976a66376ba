"""Streams the values of chunks to a file, which is there only when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.paths import expand_home
from jupyter_memkit.techniques.chunked.results.tables import (
    conform,
    copy_rows,
    find_schema,
    has_no_type,
    make_table,
    pack,
    settle,
    unpack,
)
from jupyter_memkit.techniques.chunked.results.writers.base import CutShortError, Writer
from jupyter_memkit.techniques.chunked.results.writers.opening import find_writer
from jupyter_memkit.techniques.chunked.sources.files import import_library

# So long a column may be without any value before it becomes one of text.
_MOST_ROWS_WAITING = 131_072


class FileSink:
    """Writes tables aside, and moves the file into its place at the end.

    Parameters
    ----------
    path : path-like
        The file; its ending says the format.
    resumable : bool
        Whether what is written stays when the run ends early, to go on with.

    Raises
    ------
    MemkitError
        When such a file cannot be written there.
    """

    def __init__(self, path: str | os.PathLike[str], *, resumable: bool) -> None:
        self._path = expand_home(path).absolute()
        self._open = find_writer(self._path)
        self._arrow = import_library("pyarrow", self._path.name)
        self._aside = self._path.with_name(f".{self._path.name}.part")
        self._resumable = resumable
        self._schema: Any = None
        self._waiting: list[Any] = []
        self._writer: Writer | None = None
        self._is_whole = False

    def add(self, value: Any) -> None:
        """Append the rows of a value."""
        table = make_table(value)
        if self._writer is not None:
            if len(table):
                with self._explaining():
                    self._writer.write(conform(table, self._schema))
        elif len(table) and table.num_columns:
            self._wait(table)
        elif self._schema is None and table.num_columns:
            # It counts where no value has any rows.
            self._schema = table.schema

    def save(self) -> Any:
        """Return how to go on with the file."""
        if self._schema is None:
            return None
        schema = self._schema.serialize().to_pybytes()
        if self._writer is not None:
            with self._explaining():
                return schema, None, self._writer.save()
        waiting = [conform(table, self._schema) for table in self._waiting]
        return schema, pack(waiting, self._schema), None

    def restore(self, state: Any) -> None:
        """Go on with the file."""
        if state is None:
            return
        schema, waiting, written = state
        self._schema = self._arrow.ipc.read_schema(self._arrow.py_buffer(schema))
        if waiting is not None:
            table = unpack(waiting)
            self._waiting = [table] if len(table) else []
            return
        try:
            with self._explaining():
                self._take_back()
                self._writer = self._open(
                    self._aside, self._schema, state=written, resumable=self._resumable
                )
        except CutShortError as error:
            message = (
                f"{self._aside.name}, which holds the rows so far, is gone from "
                f"{self._path.parent} or was cut short; delete the file of --resume to "
                "begin anew"
            )
            raise MemkitError(message) from error

    def finish(self) -> Path:
        """Move the whole file into its place, and return that."""
        if self._schema is None:
            message = (
                f"no chunk gave any rows for {self._path.name}; nothing is written"
            )
            raise MemkitError(message)
        with self._explaining():
            writer = self._begin() if self._writer is None else self._writer
            writer.finish(self._path)
        self._is_whole = True
        return self._path

    def rescue(self) -> None:
        """Return None: there is no file before the end."""
        self._is_whole = False

    def reset(self) -> None:
        """Begin anew."""
        self._let_go()
        self._schema = self._writer = None
        self._waiting = []

    def close(self) -> None:
        """Remove what was written aside, unless a later run goes on with it."""
        self._let_go()
        if self._is_whole or not self._resumable:
            self._aside.unlink(missing_ok=True)

    def _wait(self, table: Any) -> None:
        """Hold the first rows until it shows of what type each column is."""
        schema = table.schema
        if self._waiting:
            schema = find_schema(self._schema, table)
            table = conform(table, schema)
        self._schema = schema
        self._waiting.append(copy_rows(table))
        is_known = not any(has_no_type(field.type) for field in schema)
        if is_known or sum(map(len, self._waiting)) >= _MOST_ROWS_WAITING:
            with self._explaining():
                self._begin()

    def _begin(self) -> Writer:
        """Open the file, and write the rows that waited."""
        schema = settle(self._schema)
        writer = self._open(self._aside, schema, state=None, resumable=self._resumable)
        self._schema, self._writer = schema, writer
        waiting, self._waiting = self._waiting, []
        for table in waiting:
            writer.write(conform(table, schema))
        return writer

    def _take_back(self) -> None:
        """Part the file from the whole one of a run that was killed at its very end."""
        with suppress(FileNotFoundError):
            if self._aside.samefile(self._path):
                self._path.unlink()

    def _let_go(self) -> None:
        if self._writer is not None:
            # On a full disk pyarrow cannot end the file, which is not kept.
            with suppress(OSError):
                self._writer.close()

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Turn a failure of the disk into a sentence with its remedy."""
        try:
            yield
        except OSError as error:
            message = (
                f"{self._path.name} cannot be written to {self._path.parent} "
                f"({error.strerror or error}); free space, or give another folder"
            )
            raise MemkitError(message) from error
