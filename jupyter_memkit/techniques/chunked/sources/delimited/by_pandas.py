"""Parses lines as pandas does: by pyarrow on all cores where both mean the same."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.delimited.by_arrow import read_arrow
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Columns, Layout
from jupyter_memkit.techniques.chunked.sources.delimited.cut import (
    first_line,
    has,
    skip_names,
)
from jupyter_memkit.techniques.chunked.sources.delimited.explain import explaining
from jupyter_memkit.techniques.chunked.sources.delimited.pandas_types import (
    FALSE,
    FOUND,
    MISSING,
    OF_TEXT,
    TRUE,
    check_integers,
    find_misfit,
    is_wide,
    make_integer_error,
    name_types,
    unite,
)
from jupyter_memkit.techniques.chunked.sources.dtypes import name_of_text
from jupyter_memkit.techniques.chunked.sources.files import import_library

_OPTIONS = {
    "null_values": MISSING,
    "strings_can_be_null": True,
    "true_values": TRUE,
    "false_values": FALSE,
}

_WIDEST = 2.0**63


def infer(lines: bytes, separator: str, name: str) -> Columns:
    """Return the columns of lines, of which the first holds the names."""
    pandas = import_library("pandas", name)
    # A broken line is told when its chunk is read.
    frame = pandas.read_csv(
        io.BytesIO(lines), sep=separator, low_memory=False, on_bad_lines="skip"
    )
    return Columns(
        types=name_types(pandas, frame),
        empty=frozenset(frame.columns[frame.isna().all().to_numpy()]),
        has_index=_count_values(
            pandas, lines[skip_names(lines, separator) :], separator
        )
        > len(frame.columns),
    )


def _count_values(pandas: Any, lines: Any, separator: str) -> int:
    """Count the values of the first line: with one too many pandas makes an index."""
    line = first_line(lines)
    if b'"' not in line and line.strip():
        return line.count(separator.encode()) + 1
    try:
        row = pandas.read_csv(
            io.BytesIO(lines), sep=separator, header=None, dtype=str, nrows=1
        )
    except pandas.errors.EmptyDataError:
        return 0
    return len(row.columns)


def parse(block: Any, layout: Layout, path: Path, start: int) -> Any:
    """Return the rows of whole lines as a table of pyarrow.

    Raises
    ------
    SourceError
        When a line is broken.
    TypeChange
        When a value does not fit its column's type.
    """
    arrow = import_library("pyarrow", path.name)
    types = {name: layout.types[name] for name in layout.columns}
    check_integers(layout, path)
    if _may_mean_the_same(block, layout):
        fields = {name: _arrow_type(arrow, dtype) for name, dtype in types.items()}
        try:
            table = read_arrow(block, layout, fields, _OPTIONS)
        except arrow.ArrowInvalid:
            table = None
        if table is not None and _means_the_same(table, block, types):
            return _mark_missing(arrow, table, types)
    return _parse_by_pandas(block, layout, path, start)


def _arrow_type(arrow: Any, dtype: str) -> Any:
    if dtype == "category":
        return arrow.dictionary(arrow.int32(), arrow.string())
    if dtype == "object":
        return arrow.bool_()
    try:
        return arrow.type_for_alias({"str": "large_string"}.get(dtype, dtype))
    except ValueError:
        return arrow.large_string()  # The frame is given the type.


def _may_mean_the_same(block: Any, layout: Layout) -> bool:
    """Tell whether pyarrow may read what pandas reads, from a look at the bytes."""
    if len(layout.names) == 1 and (has(block, b" ") or has(block, b"\t")):
        return False  # A line of blanks is no row for pandas.
    return not has(block, b"\0")


def _means_the_same(table: Any, block: Any, types: Mapping[str, str]) -> bool:
    """Tell whether pandas finds the same values and types in what pyarrow read."""
    compute = import_library("pyarrow.compute", "CSV")
    # To look for one byte first takes a fraction of the time.
    may_be_hexadecimal = any(
        has(block, mark[1:]) and has(block, mark) for mark in (b"0x", b"0X")
    )
    for name, dtype in types.items():
        column = table[name]
        if dtype in {"int64", "uint64", "bool"} and column.null_count:
            return False
        if dtype in {"int64", "uint64"} and may_be_hexadecimal:
            return False
        if dtype == "float64" and len(column) > column.null_count:
            # pyarrow takes more for a NaN, and digits of more than 64 bits.
            ends = compute.min_max(column).as_py()
            if not -_WIDEST < ends["min"] <= ends["max"] < _WIDEST:
                return False
            if compute.any(compute.is_nan(column)).as_py():
                return False
    return True


def _mark_missing(arrow: Any, table: Any, types: Mapping[str, str]) -> Any:
    """Mark objects of which some are missing: pandas reads NaN for them.

    They are truth values, and text before pandas 3.
    """
    of_text = {"str"} if name_of_text() == "object" else set[str]()
    marked = {
        name
        for name, dtype in types.items()
        if dtype == "object" or (dtype in of_text and table[name].null_count)
    }
    if not marked:
        return table
    mark = {"objects": "nan"}
    fields = [
        field.with_metadata(mark if field.name in marked else None)
        for field in table.schema
    ]
    return table.cast(arrow.schema(fields))


def _parse_by_pandas(block: Any, layout: Layout, path: Path, start: int) -> Any:
    pandas = import_library("pandas", path.name)
    arrow = import_library("pyarrow", path.name)
    texts = {n: str for n, dtype in layout.types.items() if dtype in OF_TEXT}
    with explaining(path, layout.separator, start):
        frame = _read(pandas, block, layout, dtype=texts)
        n_names, count = (
            len(layout.names),
            _count_values(pandas, block, layout.separator),
        )
        if count > n_names:
            message = f"Expected {n_names} fields in line 1, saw {count}"
            raise pandas.errors.ParserError(message)
    frame = frame[list(layout.columns)]
    changes: dict[str, tuple[str, str]] = {}
    rows: dict[str, int] = {}
    for name, got in name_types(pandas, frame).items():
        before = layout.types[name]
        if before not in FOUND or before == "str":
            continue
        after = unite(before, got, frame[name], is_guess=name in layout.empty)
        if after == "float64" and _has_wide(pandas, frame[name]):
            values = _read(pandas, block, layout, dtype=str)[name].dropna()
            if any(map(is_wide, values)):
                raise make_integer_error(path, name)
        if after == "integer":
            raise make_integer_error(path, name)
        if after != before:
            changes[name] = (before, after)
            values = _read(pandas, block, layout, dtype=str)[name]
            rows[name] = find_misfit(values, before, after)
    if changes:
        raise TypeChange(path.name, changes, rows)
    types = {name: layout.types[name] for name in layout.columns}
    frame = frame.astype({n: "float64" for n, t in types.items() if t == "float64"})
    schema = arrow.schema([(n, _arrow_type(arrow, t)) for n, t in types.items()])
    try:
        table = arrow.Table.from_pandas(frame, preserve_index=False, schema=schema)
    except (arrow.ArrowException, OverflowError) as error:
        message = f"{path.name} does not fit --types ({error}); leave the type out"
        raise SourceError(message) from error
    return _mark_missing(arrow, table.replace_schema_metadata(None), types)


def _read(pandas: Any, block: Any, layout: Layout, *, dtype: Any) -> Any:
    return pandas.read_csv(
        io.BytesIO(block),
        sep=layout.separator,
        header=None,
        names=list(layout.names),
        dtype=dtype,
        low_memory=False,
    )


def _has_wide(pandas: Any, values: Any) -> bool:
    if not pandas.api.types.is_numeric_dtype(values.dtype):
        return False
    return bool((values.abs() >= _WIDEST).any())
