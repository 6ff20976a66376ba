"""JSON lines, in tables whose columns and types a sample of the file tells.

Text that looks like a date or a number stays text, as pandas has it with
``read_json(..., lines=True, dtype=False)``, and for Arrow dates are dates. What is
missing is None where pandas has objects, and nested objects have the same keys
throughout.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Piece,
    Request,
    TypeChange,
)
from jupyter_memkit.techniques.chunked.sources.delimited import open_bytes
from jupyter_memkit.techniques.chunked.sources.dtypes import widen
from jupyter_memkit.techniques.chunked.sources.files import (
    file_fingerprint,
    import_library,
)
from jupyter_memkit.techniques.chunked.sources.lines import (
    count_rows,
    explaining,
    is_plain,
    line_pieces,
    read_head,
    read_line_number,
    read_looks,
)
from jupyter_memkit.techniques.chunked.sources.ranges import check_options

SUFFIXES = frozenset({".jsonl", ".ndjson"})

_BLOCK_BYTES = 1 << 20
_MOST_BLOCK_BYTES = (1 << 31) - 1
_SCAN_BYTES = 16 << 20

# The types of pandas where those of Arrow have another name.
_PANDAS_NAMES = {"int64": "int64", "double": "float64", "bool": "bool"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLinesSource:
    """A file of JSON objects, one a line, plain or compressed.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        ``sample="all"`` to go through the whole file for its columns and types, once,
        where some show late.
    """

    path: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    # Counting the lines would be to read the whole file.
    total_rows: None = None
    backend: str = FROM_FILES

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    @property
    def row_bytes(self) -> float:
        """The bytes of a line, from the head of the file."""
        return self._sample().row_bytes

    def columns(self) -> tuple[str, ...]:
        """Return the keys of all objects of the sample, in the order that they came."""
        return tuple(self._sample().schema.names)

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types of columns that are not nested."""
        sample = self._sample()
        found = {}
        for column in sample.schema:
            name, kind = column.name, str(column.type)
            if kind == "null" or column.type.num_fields:
                continue
            if backend in {"pandas", "numpy"}:
                kind = _name_for_pandas(kind, has_nulls=name in sample.missing)
            elif backend == "polars" and kind.startswith("timestamp"):
                kind = "string"
            found[name] = kind
        return found

    def fingerprint(self) -> Any:
        """Return the file's size and time of change."""
        return file_fingerprint(self.path)

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Cut the file into blocks of whole lines."""
        sample = self._sample()
        layout = Layout(
            path=self.path,
            schema=_choose(sample.schema, request),
            is_chosen=request.columns is not None,
            nulls=frozenset(c.name for c in sample.schema if str(c.type) == "null"),
            backend=request.backend or "arrow",
            categories=tuple(sorted(request.categories)),
        )
        yield from line_pieces(
            self.path,
            request,
            partial(_parse, layout),
            row_bytes=sample.row_bytes,
            skips_empty=True,
        )

    def _sample(self) -> Sample:
        check_options(self.name, self.options, "sample")
        size = self.options.get("sample", "head")
        if size not in {"head", "all"}:
            message = f"sample is {size!r}; give --read sample=all, or leave it out"
            raise SourceError(message)
        state = self.path.stat()
        return _find_sample(self.path, size == "all", state.st_size, state.st_mtime_ns)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the lines of a file are parsed.

    Attributes
    ----------
    path : Path
        The file.
    schema : pyarrow.Schema
        The columns to read.
    is_chosen : bool
        Whether there may be others.
    nulls : frozenset of str
        The columns of which the sample has no value.
    backend : str
        For whom the types are named.
    categories : tuple of str
        The columns that become categories.
    """

    path: Path
    schema: Any
    is_chosen: bool
    nulls: frozenset[str]
    backend: str
    categories: tuple[str, ...]


# Asked for by each method of a source.
@lru_cache(maxsize=64)
def _find_sample(path: Path, all_of_it: bool, _size: int, _changed: int) -> Sample:  # noqa: FBT001 - a key of the cache
    head = read_head(path)
    if all_of_it:
        parts = _read_parts(path)
    else:
        looks = read_looks(path) if is_plain(path) else b""
        parts = iter([head + looks])
    arrow = import_library("pyarrow", path.name)
    schema, missing = None, set()
    for part in parts:
        table = _infer(path, part)
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
            raise _mixed(path, str(error)) from error
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
    with explaining(path), open_bytes(path) as stream:
        while block := stream.read(_SCAN_BYTES):
            yield block if block.endswith(b"\n") else block + stream.readline()


def _infer(path: Path, lines: bytes) -> Any:
    """Return lines as a table with types of its own; None where there are no rows."""
    arrow = import_library("pyarrow", path.name)
    if not lines.strip():
        return None
    try:
        return _parse_by_arrow(lines, None)
    except (arrow.ArrowInvalid, UnicodeDecodeError) as error:
        # What is broken is told when its chunk is read.
        whole = b"\n".join(line for line in lines.split(b"\n") if _is_whole(line))
        if whole == lines or not whole:
            if _find_broken(lines) is None:
                raise _mixed(path, str(error)) from error
            return None
    try:
        return _parse_by_arrow(whole, None)
    except arrow.ArrowInvalid as error:
        raise _mixed(path, str(error)) from error


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


def _choose(schema: Any, request: Request) -> Any:
    """Return the columns of a request, with its types."""
    arrow = import_library("pyarrow", "JSON")
    names = schema.names if request.columns is None else request.columns
    # Rows without any column could not be counted.
    names = [name for name in schema.names if name in names] or schema.names[:1]
    of_pandas = request.backend in {"pandas", "numpy"}
    fields = []
    for name in names:
        kind = schema.field(name).type
        if arrow.types.is_null(kind) and of_pandas:
            kind = arrow.float64()
        if name in request.types:
            wanted = request.types[name]
            is_text = wanted in {"str", "string", "large_string"} or (
                # What pandas 2 calls text, but also what holds a missing bool.
                wanted == "object" and not arrow.types.is_boolean(kind)
            )
            kind = arrow.string() if is_text else _find_type(arrow, wanted, kind)
        fields.append(arrow.field(name, kind))
    return arrow.schema(fields)


def _find_type(arrow: Any, name: str, otherwise: Any) -> Any:
    if name.startswith("datetime64["):
        return arrow.timestamp(name.removeprefix("datetime64[").rstrip("]"))
    try:
        return arrow.type_for_alias(name)
    except ValueError:
        return otherwise


def _name_for_pandas(kind: str, *, has_nulls: bool) -> str:
    name = _PANDAS_NAMES.get(kind)
    if name is None:
        return widen("object", "str")
    if has_nulls:
        return {"int64": "float64", "bool": "object"}.get(name, name)
    return name


def _parse(layout: Layout, block: bytes, start: int) -> Any:
    """Return lines as a table with the columns and types of the layout."""
    arrow = import_library("pyarrow", layout.path.name)
    if not block.strip():
        return layout.schema.empty_table()
    try:
        table = _parse_by_arrow(block, layout)
    except (arrow.ArrowInvalid, UnicodeDecodeError) as error:
        raise _explain(layout, block, start, error) from error
    if len(table) != count_rows(block, skips_empty=True):
        # pyarrow reads an object of several lines, of which a block may have a part.
        raise _broken(layout.path, start, *(_find_broken(block) or (0, "")))
    for name in layout.categories:
        if name in table.column_names:
            column = table[name].dictionary_encode()
            table = table.set_column(table.column_names.index(name), name, column)
    return table


def _parse_by_arrow(block: bytes, layout: Layout | None) -> Any:
    """Parse lines on all cores."""
    arrow = import_library("pyarrow", "JSON")
    reader = import_library("pyarrow.json", "JSON")
    options = reader.ParseOptions()
    if layout is not None:
        options = reader.ParseOptions(
            explicit_schema=layout.schema,
            unexpected_field_behavior="ignore" if layout.is_chosen else "error",
        )

    def parse(block_bytes: int) -> Any:
        return reader.read_json(
            arrow.BufferReader(block),
            read_options=reader.ReadOptions(block_size=block_bytes),
            parse_options=options,
        )

    try:
        # Parts of the block, for each core to have some.
        return parse(min(max(_BLOCK_BYTES, len(block) // 4), _MOST_BLOCK_BYTES))
    except arrow.ArrowInvalid as error:
        if "straddl" not in str(error):
            raise
        # A line that is longer than a part.
        return parse(min(len(block) + 1, _MOST_BLOCK_BYTES))


def _explain(
    layout: Layout, block: bytes, start: int, error: Exception
) -> SourceError | TypeChange:
    """Return what says why a block does not fit, and what to do."""
    path = layout.path
    broken = _find_broken(block)
    if broken is not None:
        return _broken(path, start, *broken)
    found = _infer(path, block).schema
    before = layout.schema
    new = [name for name in found.names if name not in before.names]
    if new and not layout.is_chosen:
        line = read_line_number(path, start)
        return SourceError(
            f"{path.name} has {', '.join(new)} in the lines from {line} on, which its "
            "sample lacks; give --read sample=all, or --columns "
            f"{','.join(before.names)}"
        )
    changes = {}
    for name in before.names:
        if name not in found.names:
            continue
        was, now = before.field(name).type, found.field(name).type
        change = _find_change(layout, name, was, now)
        if change is not None:
            changes[name] = change
    if changes:
        return TypeChange(path.name, changes)
    return _mixed(path, str(error))


def _find_change(
    layout: Layout, name: str, was: Any, now: Any
) -> tuple[str, str] | None:
    """Return the types before and after, where another holds all values."""
    types = import_library("pyarrow", "JSON").types
    was_null = name in layout.nulls and (types.is_null(was) or types.is_floating(was))
    if types.is_null(now) or now.num_fields or was == now:
        return None
    if was_null:
        after = str(now)
    elif types.is_integer(was) and types.is_floating(now):
        after = "double"
    elif types.is_timestamp(was) and types.is_string(now):
        after = "string"
    else:
        return None
    before = "null" if was_null else str(was)
    if was_null and types.is_integer(now) and types.is_floating(was):
        return None  # A float holds it.
    if layout.backend in {"pandas", "numpy"}:
        after = _name_for_pandas(after, has_nulls=was_null)
    elif layout.backend == "polars" and types.is_timestamp(now):
        after = "string"
    return before, after


def _broken(path: Path, start: int, number: int, why: str) -> SourceError:
    line = read_line_number(path, start) + number
    return SourceError(
        f"{path.name} is broken in line {line} ({why}); "
        "repair it to have one JSON object a line"
    )


def _mixed(path: Path, error: str) -> SourceError:
    return SourceError(
        f"{path.name} has values of different kinds in a column ({error}); "
        "give --read sample=all if they fit together, or --columns without it"
    )


def _is_whole(line: bytes) -> bool:
    return bool(line.strip()) and _find_broken(line) is None


def _find_broken(block: bytes) -> tuple[int, str] | None:
    """Return the number of the first line, from 0, that is no JSON object, and why."""
    for number, line in enumerate(block.split(b"\n")):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except UnicodeDecodeError as error:
            return number, f"it is not UTF-8, {error.reason}"
        except ValueError as error:
            return number, str(error)
        if not isinstance(value, dict):
            return number, f"it is a {type(value).__name__}, not an object"
    return None
