"""Streams the values of chunks to a file, which is there only when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.sources.files import import_library
from jupyter_memkit.techniques.chunked.tables import conform, find_schema, make_table
from jupyter_memkit.techniques.chunked.writers.base import Writer
from jupyter_memkit.techniques.chunked.writers.opening import find_writer


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
        self._path = Path(path).expanduser().absolute()
        self._open = find_writer(self._path)
        self._aside = self._path.with_name(f".{self._path.name}.part")
        self._resumable = resumable
        self._schema: Any = None
        self._writer: Writer | None = None

    def add(self, value: Any) -> None:
        """Append the rows of a value."""
        table = make_table(value)
        if not len(table) and not table.num_columns:
            return
        with self._explaining():
            if self._writer is None:
                self._schema = find_schema(table)
                self._writer = self._open(
                    self._aside, self._schema, state=None, resumable=self._resumable
                )
            self._writer.write(conform(table, self._schema))

    def save(self) -> Any:
        """Return how to go on with the file."""
        if self._writer is None:
            return None
        with self._explaining():
            return self._schema.serialize().to_pybytes(), self._writer.save()

    def restore(self, state: Any) -> None:
        """Go on with the file."""
        if state is None:
            return
        arrow = import_library("pyarrow", self._path.name)
        schema, written = state
        self._schema = arrow.ipc.read_schema(arrow.py_buffer(schema))
        try:
            self._writer = self._open(
                self._aside, self._schema, state=written, resumable=self._resumable
            )
        except FileNotFoundError as error:
            message = (
                f"{self._aside.name}, which holds the rows so far, is gone from "
                f"{self._path.parent}; delete the file of --resume to begin anew"
            )
            raise MemkitError(message) from error

    def finish(self) -> Path:
        """Move the whole file into its place, and return that."""
        if self._writer is None:
            message = (
                f"no chunk gave any rows for {self._path.name}; nothing is written"
            )
            raise MemkitError(message)
        with self._explaining():
            self._writer.finish(self._path)
        return self._path

    def rescue(self) -> None:
        """Return None: there is no file before the end."""

    def reset(self) -> None:
        """Begin anew."""
        self._let_go()
        self._writer = None

    def close(self) -> None:
        """Remove what was written aside, unless a later run goes on with it."""
        self._let_go()
        if not self._resumable:
            self._aside.unlink(missing_ok=True)

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
