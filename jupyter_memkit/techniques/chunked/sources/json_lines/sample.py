"""Finds the columns of a file and their types from a sample of its lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.compressed import (
    explaining_breaks,
    is_plain,
    open_bytes,
)
from jupyter_memkit.techniques.chunked.sources.json_lines.broken import (
    find_broken,
    is_whole,
    make_broken_error,
)
from jupyter_memkit.techniques.chunked.sources.json_lines.by_python import (
    Inferred,
    infer_objects,
    read_objects,
)
from jupyter_memkit.techniques.chunked.sources.json_lines.layout import (
    has_wide,
    read_table,
)
from jupyter_memkit.techniques.chunked.sources.lines import MARK, read_head
from jupyter_memkit.techniques.chunked.sources.samples import read_samples
from jupyter_memkit.techniques.chunked.sources.signatures import check_text_file

_SCAN_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The properties of a file, from some of its lines.

    Attributes
    ----------
    columns : Inferred
        Its columns.
    row_bytes : float
        The bytes of a line.
    """

    columns: Inferred
    row_bytes: float


def find_sample(path: Path, *, all_of_it: bool) -> Sample:
    """Read the head of a file and samples from all over it, or all of it."""
    check_text_file(path)
    head = read_head(path)
    if all_of_it:
        parts = _read_parts(path)
    else:
        samples = read_samples(path, len(head)) if is_plain(path) else b""
        parts = iter([head + samples])
    found: Inferred | None = None
    for part in parts:
        own = infer(path, part)
        if own is not None:
            found = own if found is None else _unite(path, found, own)
    broken = find_broken(head) if found is None else None
    if broken is not None:
        raise make_broken_error(path, 0, *broken)
    if found is None or not found.schema.names:
        why = "has no rows; there is nothing to run over"
        if found is not None and not all_of_it:
            why = "has no values in its sample; use --read sample=all"
        message = f"{path.name} {why}"
        raise SourceError(message)
    return Sample(columns=found, row_bytes=len(head) / max(1, head.count(b"\n")))


def _unite(path: Path, one: Inferred, other: Inferred) -> Inferred:
    """Return the columns of two parts of a file."""
    arrow = import_library("pyarrow", path.name)
    mixed = set(one.mixed | other.mixed)
    # A column that only one part has is missing in the other.
    own, others = set(one.schema.names), set(other.schema.names)
    missing = one.missing | other.missing | (own ^ others)
    fields: dict[str, Any] = {}
    for field in _dates_as_text(one.schema, other.schema):
        before = fields.setdefault(field.name, field)
        if field.name in mixed:
            fields[field.name] = arrow.field(field.name, arrow.string())
            continue
        if {str(before.type), str(field.type)} == {"int64", "uint64"}:
            fields[field.name] = arrow.field(field.name, arrow.uint64())
            continue
        try:
            (fields[field.name],) = arrow.unify_schemas(
                [arrow.schema([before]), arrow.schema([field])],
                promote_options="permissive",
            )
        except arrow.ArrowException:
            mixed.add(field.name)
            fields[field.name] = arrow.field(field.name, arrow.string())
    return Inferred(
        schema=arrow.schema(list(fields.values())),
        missing=frozenset(missing),
        mixed=frozenset(mixed),
    )


def _read_parts(path: Path) -> Iterator[bytes]:
    """Read the whole file, block by block, without a byte-order mark."""
    with explaining_breaks(path), open_bytes(path) as stream:
        head = stream.read(len(MARK)).removeprefix(MARK)
        while block := head + stream.read(_SCAN_BYTES):
            head = b""
            yield block if block.endswith(b"\n") else block + stream.readline()


def infer(path: Path, lines: bytes) -> Inferred | None:
    """Return the columns of lines; None if there are no rows."""
    arrow = import_library("pyarrow", path.name)
    if not lines.strip():
        return None
    try:
        table = read_table(lines, None)
        if not has_wide(table):
            return _describe(table)
    except (arrow.ArrowInvalid, UnicodeDecodeError):
        pass
    # Invalid lines are reported when their chunk is read.
    whole = b"\n".join(line for line in lines.split(b"\n") if is_whole(line))
    return infer_objects(read_objects(whole)) if whole else None


def _describe(table: Any) -> Inferred:
    missing = (name for name in table.column_names if table[name].null_count)
    return Inferred(schema=table.schema, missing=frozenset(missing))


def _dates_as_text(*schemas: Any) -> Iterator[Any]:
    """Yield fields, as text if a column has dates in one schema and text in another."""
    arrow = import_library("pyarrow", "JSON")
    text = {
        column.name
        for schema in schemas
        for column in schema
        if arrow.types.is_string(column.type)
    }
    for schema in schemas:
        for column in schema:
            is_date = arrow.types.is_timestamp(column.type)
            yield (
                arrow.field(column.name, arrow.string())
                if column.name in text and is_date
                else column
            )
