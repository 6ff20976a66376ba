"""Formats with one line per row, which can be truncated and appended to: CSV, JSON."""

from __future__ import annotations

import csv as python_csv
import io
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.results.writers.base import reopen

_ROWS_AT_A_TIME = 10_000


class LinesWriter:
    """Writes rows as lines of text.

    Parameters
    ----------
    path : Path
        The temporary file.
    format_rows : callable
        Returns the text of a batch of rows.
    head : bytes
        The text before the first row.
    stays : bool
        Whether the temporary file is kept when it is complete.
    state : int, optional
        What `save` returned: the number of bytes to keep.
    """

    def __init__(
        self,
        path: Path,
        *,
        format_rows: Callable[[Any], bytes],
        head: bytes,
        stays: bool,
        state: Any = None,
    ) -> None:
        self._path = path
        self._format = format_rows
        self._stays = stays
        self._file: IO[bytes]
        if state is None:
            # A file of this name may be a second name of the complete one.
            path.unlink(missing_ok=True)
            self._file = path.open("wb")
            self._file.write(head)
        else:
            self._file = reopen(path, state)

    def write(self, table: Any) -> None:
        """Append the rows."""
        for batch in table.to_batches(max_chunksize=_ROWS_AT_A_TIME):
            self._file.write(self._format(batch))

    def save(self) -> int:
        """Return the length of the file."""
        self._file.flush()
        return self._file.tell()

    def finish(self, path: Path) -> None:
        """Move the file into place."""
        self._file.close()
        source = self._path
        if self._stays:
            try:
                source = self._path.with_name(f"{self._path.name}.whole")
                source.unlink(missing_ok=True)
                os.link(self._path, source)
            except OSError:
                # The file system has no hard links.
                source = self._path
        source.replace(path)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_delimited(
    path: Path, schema: Any, *, state: Any, resumable: bool, separator: str
) -> LinesWriter:
    """Return a writer of CSV or TSV.

    Raises
    ------
    ReduceError
        If such a file cannot represent the values of a column.
    """
    arrow = import_library("pyarrow", path.name)
    types = arrow.types
    _check_types(
        path,
        schema,
        lambda kind: (
            types.is_nested(kind)
            or types.is_duration(kind)
            or isinstance(kind, arrow.BaseExtensionType)
            or _holds_bytes(types, kind)
        ),
    )
    names = io.StringIO()
    python_csv.writer(names, delimiter=separator, lineterminator="\n").writerow(
        schema.names
    )
    return LinesWriter(
        path,
        format_rows=_Delimited(separator),
        head=names.getvalue().encode(),
        stays=resumable,
        state=state,
    )


def open_json_lines(
    path: Path, schema: Any, *, state: Any, resumable: bool
) -> LinesWriter:
    """Return a writer of JSON lines.

    Raises
    ------
    ReduceError
        If there is a column of bytes, which JSON cannot hold.
    """
    types = import_library("pyarrow", path.name).types
    _check_types(path, schema, lambda kind: _holds_bytes(types, kind))
    return LinesWriter(
        path, format_rows=_format_json, head=b"", stays=resumable, state=state
    )


def _check_types(path: Path, schema: Any, is_rejected: Callable[[Any], bool]) -> None:
    """Reject a column before any row is written."""
    for field in schema:
        if is_rejected(field.type):
            # A temporary file that a later run resumes has one more extension.
            ending = Path(path.name.removesuffix(".part")).suffix
            message = (
                f"a {ending} file cannot hold the column {field.name!r} of "
                f"type {field.type}; use a .parquet file for --out, or make the column "
                "text in the cell"
            )
            raise ReduceError(message)


def _holds_bytes(types: Any, kind: Any) -> bool:
    """Return whether values of a type are bytes, or contain some."""
    return (
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or any(
            _holds_bytes(types, kind.field(number).type)
            for number in range(kind.num_fields)
        )
    )


class _Delimited:
    """Formats rows as ``DataFrame.to_csv`` does.

    The writer of pyarrow writes floats without fractions as integers, and a missing
    value in the only column as an empty line, which readers skip.
    """

    def __init__(self, separator: str) -> None:
        self._arrow = import_library("pyarrow", "the file")
        self._compute = import_library("pyarrow.compute", "the file")
        self._separator = separator

    def __call__(self, batch: Any) -> bytes:
        """Return the lines."""
        compute, kind = self._compute, self._arrow.large_string()
        texts = [self._text(column) for column in batch.columns]
        if len(texts) == 1:
            texts = [compute.fill_null(texts[0], '""')]
        separator = self._arrow.scalar(self._separator, kind)
        lines = compute.binary_join_element_wise(
            *texts, separator, null_handling="replace"
        )
        lines = compute.binary_join_element_wise(
            lines, self._arrow.scalar("\n", kind), self._arrow.scalar("", kind)
        )
        # The texts are stored one after the other.
        size = compute.sum(compute.binary_length(lines)).as_py() or 0
        return bytes(memoryview(lines.buffers()[2])[:size])

    def _text(self, column: Any) -> Any:
        compute, types = self._compute, self._arrow.types
        text = column.cast(self._arrow.large_string())
        if types.is_floating(column.type):
            is_whole = compute.match_substring_regex(text, r"^-?\d+$")
            return compute.if_else(is_whole, self._join(text, ".0"), text)
        if not (types.is_string(column.type) or types.is_large_string(column.type)):
            return text
        special = f'^$|["\r\n{self._separator}]'
        is_special = compute.match_substring_regex(text, special)
        if not compute.any(is_special).as_py():
            return text
        doubled = compute.replace_substring(text, '"', '""')
        return compute.if_else(is_special, self._join('"', doubled, '"'), text)

    def _join(self, *parts: Any) -> Any:
        kind = self._arrow.large_string()
        scalars = [
            self._arrow.scalar(part, kind) if isinstance(part, str) else part
            for part in (*parts, "")
        ]
        return self._compute.binary_join_element_wise(*scalars)


def _format_json(batch: Any) -> bytes:
    rows = (
        json.dumps(_plain(row), ensure_ascii=False, default=str, allow_nan=False)
        for row in batch.to_pylist()
    )
    return "".join(f"{row}\n" for row in rows).encode()


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold: without NaN."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
