"""What some lines of a file tell of all: its columns and their types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.compressed import (
    explaining_breaks,
    is_plain,
    open_bytes,
)
from jupyter_memkit.techniques.chunked.sources.files import import_library
from jupyter_memkit.techniques.chunked.sources.json_lines.broken import (
    find_broken,
    is_whole,
    make_mixed_error,
)
from jupyter_memkit.techniques.chunked.sources.json_lines.layout import read_table
from jupyter_memkit.techniques.chunked.sources.lines import read_head
from jupyter_memkit.techniques.chunked.sources.looks import read_looks

_SCAN_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What some lines of a file tell of all.

    Attributes
    ----------
    schema : pyarrow.Schema
        The columns, with types of pyarrow.
    missing : frozenset of str
        The columns that not all objects have.
    row_bytes : float
        The bytes of a line.
    """

    schema: Any
    missing: frozenset[str]
    row_bytes: float


# Asked for by each method of a source.
@lru_cache(maxsize=64)
def find_sample(path: Path, all_of_it: bool, _size: int, _changed: int) -> Sample:  # noqa: FBT001 - a key of the cache
    """Look at a file's head, and at places all over it, or at all of it."""
    head = read_head(path)
    if all_of_it:
        parts = _read_parts(path)
    else:
        looks = read_looks(path, len(head)) if is_plain(path) else b""
        parts = iter([head + looks])
    arrow = import_library("pyarrow", path.name)
    schema, missing = None, set()
    for part in parts:
        table = infer_table(path, part)
        if table is None:
            continue
        if schema is not None:
            # A column that one part has and another lacks.
            missing |= set(schema.names) ^ set(table.column_names)
        missing |= {c for c in table.column_names if table[c].null_count}
        try:
            schema = (
                table.schema
                if schema is None
                else arrow.unify_schemas(
                    _dates_as_text(schema, table.schema), promote_options="permissive"
                )
            )
        except arrow.ArrowException as error:
            raise make_mixed_error(path, str(error)) from error
    if schema is None:
        message = f"{path.name} has no rows; there is nothing to run over"
        raise SourceError(message)
    return Sample(
        schema=schema,
        missing=frozenset(missing),
        row_bytes=len(head) / max(1, head.count(b"\n")),
    )


def _read_parts(path: Path) -> Iterator[bytes]:
    """Read the whole file, block by block."""
    with explaining_breaks(path), open_bytes(path) as stream:
        while block := stream.read(_SCAN_BYTES):
            yield block if block.endswith(b"\n") else block + stream.readline()


def infer_table(path: Path, lines: bytes) -> Any:
    """Return lines as a table with types of its own; None where there are no rows."""
    arrow = import_library("pyarrow", path.name)
    if not lines.strip():
        return None
    try:
        return read_table(lines, None)
    except (arrow.ArrowInvalid, UnicodeDecodeError) as error:
        # What is broken is told when its chunk is read.
        whole = b"\n".join(line for line in lines.split(b"\n") if is_whole(line))
        if whole == lines or not whole:
            if find_broken(lines) is None:
                raise make_mixed_error(path, str(error)) from error
            return None
    try:
        return read_table(whole, None)
    except arrow.ArrowInvalid as error:
        raise make_mixed_error(path, str(error)) from error


def _dates_as_text(*schemas: Any) -> list[Any]:
    """Make text of a column that has dates in one part and other text in another."""
    arrow = import_library("pyarrow", "JSON")
    text = {
        column.name
        for schema in schemas
        for column in schema
        if arrow.types.is_string(column.type)
    }
    return [
        arrow.schema(
            arrow.field(column.name, arrow.string())
            if column.name in text and arrow.types.is_timestamp(column.type)
            else column
            for column in schema
        )
        for schema in schemas
    ]
