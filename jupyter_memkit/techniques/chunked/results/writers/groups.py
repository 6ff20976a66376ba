"""Formats of groups of rows, with an index at the end: Parquet and Arrow files.

All groups but the last have the same number of rows, so that the same rows give the
same file. Such a file cannot be appended to. A run that can be resumed writes its
groups to an Arrow stream first, which can be truncated and appended to, and to the file
at the end, one group at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.results.tables import copy_rows, pack, unpack
from jupyter_memkit.techniques.chunked.results.writers.base import reopen

# Groups of a table with many columns have fewer rows, to fit into memory.
_GROUP_ROWS = 131_072
_GROUP_VALUES = 2**22

OpenFile = Callable[[Path, Any], Any]


class GroupsWriter:
    """Writes rows in groups.

    Parameters
    ----------
    path : Path
        The temporary file.
    schema : pyarrow.Schema
        The schema of the tables.
    open_file : callable
        Opens a pyarrow writer for a path and a schema.
    spools : bool
        Whether the groups go to a stream first.
    state : optional
        What `save` returned.
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
        self._group_rows = max(1, min(_GROUP_ROWS, _GROUP_VALUES // len(schema)))
        self._held: list[Any] = []
        self._held_rows = 0
        self._file: Any = None
        self._spool: Any = None
        if not spools:
            self._file = open_file(path, schema)
        elif state is None:
            self._spool = path.open("w+b")
            self._spool.write(schema.serialize())
        else:
            size, held = state
            self._spool = reopen(path, size)
            self._hold(unpack(held))

    def write(self, table: Any) -> None:
        """Add rows, and write the groups that they fill."""
        start = 0
        while len(table) - start >= (lacking := self._group_rows - self._held_rows):
            self._hold(table.slice(start, lacking))
            self._write_group()
            start += lacking
        if start < len(table):
            self._hold(table.slice(start))

    def save(self) -> tuple[int, bytes]:
        """Return the length of the stream, and the rows that fill no group yet."""
        self._spool.flush()
        return self._spool.tell(), pack(self._held, self._schema)

    def finish(self, path: Path) -> None:
        """Write the last group, and move the file into place."""
        if self._spool is None:
            self._write_last()
            self._path.replace(path)
            return
        self._spool.flush()
        self._spool.seek(0)
        whole = self._path.with_name(f"{self._path.name}.whole")
        try:
            self._file = self._open_file(whole, self._schema)
            for batch in self._arrow.ipc.open_stream(self._spool):
                self._file.write_table(
                    copy_rows(self._arrow.Table.from_batches([batch]))
                )
            self._write_last()
            whole.replace(path)
        finally:
            whole.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the files."""
        files = [file for file in (self._file, self._spool) if file is not None]
        # Closing writes the index, which is not tried again if it fails.
        self._file = self._spool = None
        for file in files:
            file.close()

    def _hold(self, rows: Any) -> None:
        self._held.append(copy_rows(rows))
        self._held_rows += len(rows)

    def _write_group(self) -> None:
        group = self._take_held()
        if self._spool is None:
            self._file.write_table(group)
        else:
            (batch,) = group.to_batches(max_chunksize=self._group_rows)
            self._spool.write(batch.serialize())

    def _write_last(self) -> None:
        file, self._file = self._file, None
        try:
            if self._held_rows:
                file.write_table(self._take_held())
        finally:
            file.close()

    def _take_held(self) -> Any:
        group = copy_rows(self._arrow.concat_tables(self._held))
        self._held, self._held_rows = [], 0
        return group


def open_parquet(path: Path, schema: Any) -> Any:
    """Open a Parquet file for writing."""
    parquet = import_library("pyarrow.parquet", path.name)
    return parquet.ParquetWriter(path, schema)


class ArrowFile:
    """A writer of an Arrow file that closes the file, which pyarrow's does not."""

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
