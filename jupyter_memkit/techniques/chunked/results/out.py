"""Streams the values of chunks to a file, which appears only when it is complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.files import aside_of
from jupyter_memkit.paths import expand_home
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.results.claims import Claim
from jupyter_memkit.techniques.chunked.results.tables import (
    conform,
    copy_rows,
    find_schema,
    finish_schema,
    has_no_type,
    make_table,
    pack,
    unpack,
)
from jupyter_memkit.techniques.chunked.results.writers.base import CutShortError, Writer
from jupyter_memkit.techniques.chunked.results.writers.opening import find_writer

# After this many rows a column without any value becomes a column of text.
_MOST_ROWS_WAITING = 131_072


class FileSink:
    """Writes tables to a temporary file, and moves it into place at the end.

    Parameters
    ----------
    path : path-like
        The file; its extension decides the format.
    resumable : bool
        Whether the temporary file is kept when the run ends early, to resume it.

    Raises
    ------
    MemkitError
        If such a file cannot be written there.
    """

    def __init__(self, path: str | os.PathLike[str], *, resumable: bool) -> None:
        self._path = expand_home(path).absolute()
        self._open = find_writer(self._path)
        self._arrow = import_library("pyarrow", self._path.name)
        self._stack = ExitStack()
        # A later process finds the rows of this one by the name of their file.
        self._temporary = (
            self._path.with_name(f".{self._path.name}.part")
            if resumable
            else self._stack.enter_context(aside_of(self._path))
        )
        self._resumable = resumable
        self._is_claimed = False
        self._schema: Any = None
        self._waiting: list[Any] = []
        self._writer: Writer | None = None
        self._is_complete = False

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
            # It decides if no value has any rows.
            self._schema = table.schema

    def save(self) -> Any:
        """Return the state from which `restore` continues the file."""
        if self._schema is None:
            return None
        schema = self._schema.serialize().to_pybytes()
        if self._writer is not None:
            with self._explaining():
                return schema, None, self._writer.save()
        waiting = [conform(table, self._schema) for table in self._waiting]
        return schema, pack(waiting, self._schema), None

    def restore(self, state: Any) -> None:
        """Continue the file."""
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
                self._claim()
                self._detach()
                self._writer = self._open(
                    self._temporary,
                    self._schema,
                    state=written,
                    resumable=self._resumable,
                )
        except CutShortError as error:
            message = (
                f"{self._temporary.name}, which holds the rows so far, was removed "
                f"from {self._path.parent} or truncated; delete the --resume file "
                "to start over"
            )
            raise MemkitError(message) from error

    def finish(self) -> Path:
        """Move the complete file into place, and return its path."""
        if self._schema is None:
            message = (
                f"no chunk returned any rows for {self._path.name}, so it is not "
                "written; end the cell with a table that has columns"
            )
            raise MemkitError(message)
        with self._explaining():
            writer = self._begin() if self._writer is None else self._writer
            writer.finish(self._path)
        self._is_complete = True
        return self._path

    def rescue(self) -> None:
        """Return None: there is no file before the end."""
        self._is_complete = False

    def reset(self) -> None:
        """Discard all rows: the run starts over."""
        self._close_writer()
        self._schema = self._writer = None
        self._waiting = []

    def close(self) -> None:
        """Remove the temporary file, unless a later run can resume with it."""
        self._close_writer()
        if self._is_complete:
            self._temporary.unlink(missing_ok=True)
        self._stack.close()
        self._is_claimed = False

    def _wait(self, table: Any) -> None:
        """Hold the first rows until the type of each column is known."""
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
        """Open the file, and write the rows that were held."""
        self._claim()
        schema = finish_schema(self._schema)
        writer = self._open(
            self._temporary, schema, state=None, resumable=self._resumable
        )
        self._schema, self._writer = schema, writer
        waiting, self._waiting = self._waiting, []
        for table in waiting:
            writer.write(conform(table, schema))
        return writer

    def _claim(self) -> None:
        """Keep other runs from the file in which the rows so far have a fixed name."""
        if not self._resumable or self._is_claimed:
            return
        name = f"{self._temporary.name}.lock"
        try:
            claim = Claim(self._temporary.with_name(name))
        except BlockingIOError as error:
            message = (
                f"another run is writing {self._path.name}; wait until it ends, or use "
                "another file for --out"
            )
            raise MemkitError(message) from error
        self._stack.callback(claim.end)
        self._is_claimed = True

    def _detach(self) -> None:
        """Remove the second name that a run killed at its very end gave the file."""
        with suppress(FileNotFoundError):
            if self._temporary.samefile(self._path):
                self._path.unlink()

    def _close_writer(self) -> None:
        if self._writer is not None:
            # On a full disk pyarrow cannot finish the file, which is not kept.
            with suppress(OSError):
                self._writer.close()

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Raise disk errors as one sentence with a remedy."""
        try:
            yield
        except OSError as error:
            message = (
                f"{self._path.name} cannot be written to {self._path.parent} "
                f"({error.strerror or error}); free space, or use another folder for "
                "--out"
            )
            raise MemkitError(message) from error
