"""Parses lines as pyarrow does."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Columns, Layout
from jupyter_memkit.techniques.chunked.sources.delimited.cut import has, skip_names
from jupyter_memkit.techniques.chunked.sources.delimited.first_guess import (
    guess_types,
)

_MOST_BLOCK_BYTES = (1 << 31) - 1

# Each part of a wide table takes time per column, so it gets this much per column.
_COLUMN_BYTES = 2 << 10

# The type of a column with values of two; for other pairs it depends on the order.
_UNITED = {
    frozenset({"int64", "double"}): "double",
    frozenset({"date32[day]", "timestamp[s]"}): "timestamp[s]",
    frozenset({"date32[day]", "timestamp[ns]"}): "timestamp[ns]",
    frozenset({"timestamp[s]", "timestamp[ns]"}): "timestamp[ns]",
    frozenset(
        {"timestamp[s, tz=UTC]", "timestamp[ns, tz=UTC]"}
    ): "timestamp[ns, tz=UTC]",
}

# pyarrow has no alias for a timestamp with a zone.
_TIMESTAMP = re.compile(r"timestamp\[(?P<unit>\w+)(?:, tz=(?P<zone>.+))?\]")


def infer(lines: bytes, separator: str, name: str) -> Columns:
    """Infer the columns of lines; the first line holds the names."""
    arrow = import_library("pyarrow", name)
    csv = import_library("pyarrow.csv", name)
    if not lines.endswith((b"\n", b"\r")):
        lines += b"\n"  # pyarrow ignores a single line without a line end.

    def read(types: Mapping[str, Any]) -> Any:
        return csv.read_csv(
            io.BytesIO(lines),
            # pyarrow infers the types from the first block.
            read_options=csv.ReadOptions(block_size=_fit_block(lines)),
            parse_options=csv.ParseOptions(
                delimiter=separator,
                newlines_in_values=b'"' in lines,
                # A broken line is reported when its chunk is read.
                invalid_row_handler=lambda _row: "skip",
            ),
            convert_options=csv.ConvertOptions(column_types=types),
        )

    start = skip_names(lines, separator)
    names = lines[:start].decode(errors="replace").rstrip("\r\n").split(separator)
    try:
        try:
            table = read(guess_types(lines[start:], names, separator))
        except arrow.ArrowInvalid:
            table = read({})
    except arrow.ArrowInvalid as error:
        raise _make_error(name, error) from error
    names = table.column_names
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        message = (
            f"{name} has two columns named {double!r}; use --backend pandas, which "
            "renames one"
        )
        raise SourceError(message)
    types = {field.name: str(field.type) for field in table.schema}
    return Columns(
        types=types, empty=frozenset(n for n, kind in types.items() if kind == "null")
    )


def parse(block: Any, layout: Layout, path: Path, _start: int) -> Any:
    """Return the rows of whole lines as a pyarrow table.

    Raises
    ------
    SourceError
        If a line is broken.
    TypeChange
        If a value does not fit its column's type.
    """
    arrow = import_library("pyarrow", path.name)
    types = {
        name: _find_type(arrow, layout.types[name], path) for name in layout.columns
    }
    if not bytes(block).strip(b"\r\n"):
        return arrow.schema(list(types.items())).empty_table()
    try:
        return read_arrow(block, layout, types)
    except arrow.ArrowInvalid as error:
        try:
            table = read_arrow(block, layout, {})
        except arrow.ArrowInvalid:
            raise _make_error(path.name, error) from error
        changes = {
            name: (layout.types[name], _unite(layout.types[name], after, name, path))
            for name, after in zip(
                table.column_names, map(str, table.schema.types), strict=True
            )
            if not _fits(arrow, table[name], types[name])
        }
        if not changes:
            raise _make_error(path.name, error) from error
        raise TypeChange(path.name, changes) from error


def _find_type(arrow: Any, name: str, path: Path) -> Any:
    if name == "category":
        return arrow.dictionary(arrow.int32(), arrow.string())
    stamp = _TIMESTAMP.fullmatch(name)
    try:
        if stamp is not None:
            return arrow.timestamp(stamp["unit"], stamp["zone"])
        return arrow.type_for_alias({"str": "string"}.get(name, name))
    except ValueError as error:
        message = f"{path.name} cannot be read as {name}; use a pyarrow type"
        raise SourceError(message) from error


def _fits(arrow: Any, column: Any, wanted: Any) -> bool:
    """Return whether a column, with its type when read alone, fits the wanted type."""
    kind = column.type
    if arrow.types.is_null(kind) or kind == wanted:
        return True
    if arrow.types.is_dictionary(wanted) or arrow.types.is_string(wanted):
        return True
    return bool(arrow.types.is_integer(kind) and arrow.types.is_floating(wanted))


def _unite(before: str, after: str, name: str, path: Path) -> str:
    """Return the pyarrow type that holds the values of both types."""
    if before in {"null", after}:
        return after
    united = _UNITED.get(frozenset({before, after}))
    if united is not None:
        return united
    if "string" in {before, after} or {before, after} != {"int64", "bool"}:
        return "string"
    message = (
        f"{name} of {path.name} is int64 in earlier rows and bool in later ones; "
        "use --types " + write_list([f"{name}=string"])
    )
    raise SourceError(message)


def _make_error(name: str, error: Exception) -> SourceError:
    if "UTF8" in str(error):
        return SourceError(
            f"{name} is not encoded as UTF-8; use its own encoding and a reader "
            "that supports it, such as --backend pandas --read encoding=latin-1"
        )
    return SourceError(
        f"{name} cannot be parsed by pyarrow ({error}); repair it, or use --backend "
        "pandas"
    )


def read_arrow(
    block: Any,
    layout: Layout,
    types: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
) -> Any:
    """Parse lines on all cores; this is faster if no value contains a line end."""
    arrow = import_library("pyarrow", "CSV")
    csv = import_library("pyarrow.csv", "CSV")

    def read(*, newlines_in_values: bool) -> Any:
        return csv.read_csv(
            arrow.py_buffer(block),
            read_options=csv.ReadOptions(
                column_names=layout.names,
                # In parts, so that each core gets some. If types have to be inferred,
                # the block is one part, because pyarrow infers them from the first.
                block_size=min(
                    max(1 << 20, len(block) // 4, _COLUMN_BYTES * len(layout.names)),
                    _MOST_BLOCK_BYTES,
                )
                if all(name in types for name in layout.columns)
                else _fit_block(block),
            ),
            parse_options=csv.ParseOptions(
                delimiter=layout.separator, newlines_in_values=newlines_in_values
            ),
            convert_options=csv.ConvertOptions(
                include_columns=layout.columns, column_types=types, **(options or {})
            ),
        )

    try:
        return read(newlines_in_values=False)
    except arrow.ArrowInvalid:
        if not has(block, b'"'):
            raise
        # pyarrow fails if a part ends within a value: the fields do not add up.
        return read(newlines_in_values=True)


def _fit_block(lines: Any) -> int:
    return min(len(lines) + 1, _MOST_BLOCK_BYTES)
