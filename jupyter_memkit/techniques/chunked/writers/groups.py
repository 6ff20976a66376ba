"""Formats of groups of rows, with an index at the end: Parquet and Arrow files.

Each group but the last has the same number of rows, so that the file does not tell how
the rows came. Such a file cannot be appended to. A run that may be killed writes its
groups to an Arrow stream first, which can be cut and appended to, and to the file at
the end, one group at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.sources.files import import_library

_GROUP_ROWS = 131_072

OpenFile = Callable[[Path, Any], Any]


class GroupsWriter:
    """Writes rows in groups.

    Parameters
    ----------
    path : Path
        The file to write aside.
    schema : pyarrow.Schema
        Of the tables.
    open_file : callable
        Opens a writer of pyarrow for a path and a schema.
    spools : bool
        Whether the groups go to a stream first.
    state : optional
        What `save` had returned.
    """

    def __init__(
        self,
        path: Path,
        schema: Any,
        *,
        open_file: OpenFile,
        spools: bool,
        state: Any = None,
    ) -> None:
        self._arrow = import_library("pyarrow", path.name)
        self._path = path
        self._schema = schema
        self._open_file = open_file
        self._held = schema.empty_table()
        self._file: Any = None
        self._spool: Any = None
        if not spools:
            self._file = open_file(path, schema)
        elif state is None:
            self._spool = path.open("w+b")
            self._spool.write(schema.serialize())
        else:
            size, held = state
            self._spool = path.open("r+b")
            self._spool.truncate(size)
            self._spool.seek(size)
            self._held = self._arrow.ipc.open_stream(held).read_all()

    def write(self, table: Any) -> None:
        """Take rows, and write the groups that they fill."""
        held = self._arrow.concat_tables([self._held, table])
        while len(held) >= _GROUP_ROWS:
            self._write_group(held.slice(0, _GROUP_ROWS))
            held = held.slice(_GROUP_ROWS)
        # A slice would keep all that it was cut from.
        self._held = self._copy(held) if len(held) else self._schema.empty_table()

    def save(self) -> tuple[int, bytes]:
        """Return how long the stream is, and the rows that fill no group yet."""
        self._spool.flush()
        held = self._arrow.BufferOutputStream()
        with self._arrow.ipc.new_stream(held, self._schema) as stream:
            stream.write_table(self._held)
        return self._spool.tell(), held.getvalue().to_pybytes()

    def finish(self, path: Path) -> None:
        """Write the last group, and move the file into its place."""
        if self._spool is None:
            self._write_last()
            self._path.replace(path)
            return
        self._spool.flush()
        self._spool.seek(0)
        whole = self._path.with_name(f"{self._path.name}.whole")
        try:
            self._file = self._open_file(whole, self._schema)
            for group in self._read_groups():
                self._file.write_table(group)
            self._write_last()
            whole.replace(path)
        finally:
            whole.unlink(missing_ok=True)
        self.close()
        self._path.unlink()

    def close(self) -> None:
        """Close the files."""
        files = [file for file in (self._file, self._spool) if file is not None]
        # An index is written once, also where that fails.
        self._file = self._spool = None
        for file in files:
            file.close()

    def _write_group(self, group: Any) -> None:
        group = self._copy(group)
        if self._spool is None:
            self._file.write_table(group)
        else:
            (batch,) = group.to_batches(max_chunksize=_GROUP_ROWS)
            self._spool.write(batch.serialize())

    def _write_last(self) -> None:
        file, self._file = self._file, None
        try:
            if len(self._held):
                file.write_table(self._copy(self._held))
        finally:
            file.close()

    def _copy(self, group: Any) -> Any:
        """Return rows in fresh memory: that of a slice tells what it was cut from."""
        numpy = import_library("numpy", "groups of rows")
        return group.take(numpy.arange(len(group))).combine_chunks()

    def _read_groups(self) -> Iterator[Any]:
        for batch in self._arrow.ipc.open_stream(self._spool):
            yield self._copy(self._arrow.Table.from_batches([batch]))


def open_parquet(path: Path, schema: Any) -> Any:
    """Open a Parquet file of pyarrow."""
    parquet = import_library("pyarrow.parquet", path.name)
    return parquet.ParquetWriter(path, schema)


class ArrowFile:
    """An Arrow file of pyarrow, which would leave its own open."""

    def __init__(self, path: Path, schema: Any) -> None:
        ipc = import_library("pyarrow.ipc", path.name)
        self._file = path.open("wb")
        self._writer = ipc.new_file(self._file, schema)

    def write_table(self, table: Any) -> None:
        """Append rows."""
        self._writer.write_table(table)

    def close(self) -> None:
        """Write the index, and close the file."""
        with self._file:
            self._writer.close()
