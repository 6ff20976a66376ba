"""Formats of one line a row, which can be cut and appended to: CSV, JSON lines."""

from __future__ import annotations

import csv as python_csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.sources.files import import_library

_ROWS_AT_A_TIME = 10_000


class LinesWriter:
    """Writes rows as lines of text.

    Parameters
    ----------
    path : Path
        The file to write aside.
    schema : pyarrow.Schema
        Of the tables.
    format_rows : callable
        Makes the text of a table's rows.
    head : bytes
        What comes before the first row.
    state : int, optional
        What `save` had returned: the bytes to keep.
    """

    def __init__(
        self,
        path: Path,
        schema: Any,
        *,
        format_rows: Callable[[Any], bytes],
        head: bytes,
        state: Any = None,
    ) -> None:
        self._path = path
        self._schema = schema
        self._format = format_rows
        self._file = path.open("wb" if state is None else "r+b")
        if state is None:
            self._file.write(head)
        else:
            self._file.truncate(state)
            self._file.seek(state)

    def write(self, table: Any) -> None:
        """Append the rows."""
        for start in range(0, len(table), _ROWS_AT_A_TIME):
            self._file.write(self._format(table.slice(start, _ROWS_AT_A_TIME)))

    def save(self) -> int:
        """Return how long the file is."""
        self._file.flush()
        return self._file.tell()

    def finish(self, path: Path) -> None:
        """Move the file into its place."""
        self._file.close()
        self._path.replace(path)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_delimited(path: Path, schema: Any, state: Any, separator: str) -> LinesWriter:
    """Return a writer of CSV or TSV."""
    csv = import_library("pyarrow.csv", path.name)

    options = csv.WriteOptions(
        include_header=False, delimiter=separator, quoting_style="needed"
    )

    def format_table(table: Any) -> bytes:
        text = io.BytesIO()
        csv.write_csv(table, text, options)
        return text.getvalue()

    # pyarrow would quote every name.
    names = io.StringIO()
    python_csv.writer(names, delimiter=separator, lineterminator="\n").writerow(
        schema.names
    )
    head = names.getvalue().encode()
    return LinesWriter(path, schema, format_rows=format_table, head=head, state=state)


def open_json_lines(path: Path, schema: Any, state: Any) -> LinesWriter:
    """Return a writer of JSON lines."""
    return LinesWriter(path, schema, format_rows=_format_json, head=b"", state=state)


def _format_json(table: Any) -> bytes:
    rows = (
        json.dumps(_plain(row), ensure_ascii=False, default=str, allow_nan=False)
        for row in table.to_pylist()
    )
    return "".join(f"{row}\n" for row in rows).encode()


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it, which knows no NaN."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
