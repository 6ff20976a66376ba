"""Infers the columns that pandas finds in lines, with pyarrow if both agree."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.delimited.by_arrow import read_arrow
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Columns, Layout
from jupyter_memkit.techniques.chunked.sources.delimited.cut import (
    first_line,
    skip_names,
)
from jupyter_memkit.techniques.chunked.sources.delimited.first_guess import (
    guess_types,
)
from jupyter_memkit.techniques.chunked.sources.delimited.pandas_types import name_types
from jupyter_memkit.techniques.chunked.sources.delimited.same_as_pandas import (
    OPTIONS,
    hold_plain_floats,
    may_be_hexadecimal,
    may_mean_the_same,
)

# The start of a value that is not a number, not even one too large for pandas.
_TEXT = re.compile(r"\d{1,15}[^\d.eE\s]|[^\d.+\-\s]")
# Words that match it and may be numbers or Booleans.
_WORDS = re.compile(r"(?:true|false)\Z|inf|nan", re.IGNORECASE)
# The characters by which pandas may divide names differently, or change them.
_MARKS = frozenset('\n\r"\ufeff')


def infer(lines: bytes, separator: str, name: str) -> Columns:
    """Infer the columns of lines; the first line holds the names."""
    return _infer_by_arrow(lines, separator) or _infer_by_pandas(lines, separator, name)


def _infer_by_arrow(lines: bytes, separator: str) -> Columns | None:
    """Return what pyarrow infers; None if pandas might infer something else."""
    arrow = import_library("pyarrow", "CSV")
    start = skip_names(lines, separator)
    body = lines[start:]
    names = _split_names(lines[:start], separator)
    if names is None or not body or not may_mean_the_same(body, names):
        return None
    layout = Layout(
        names=names,
        types={},
        empty=frozenset(),
        columns=names,
        separator=separator,
        backend="pandas",
        body_start=start,
        row_bytes=0.0,
    )
    table = None
    guessed = guess_types(body, names, separator)
    for types in (guessed, {}) if guessed else ({},):
        with contextlib.suppress(arrow.ArrowException, UnicodeDecodeError):
            table = read_arrow(body, layout, types, OPTIONS)
            break
    if table is None:
        return None
    kinds = list(map(str, table.schema.types))
    if ("int64" in kinds and may_be_hexadecimal(body, separator)) or (
        # pyarrow reads an integer with a plus sign as a float.
        "double" in kinds and b"+" in body
    ):
        return None
    columns = zip(table.itercolumns(), kinds, strict=True)
    if not hold_plain_floats(column for column, kind in columns if kind == "double"):
        return None
    inferred: dict[str, str] = {}
    for name, column, kind in zip(names, table.itercolumns(), kinds, strict=True):
        found = _name_type(column, kind)
        if found is None:
            return None
        inferred[name] = found
    empty = (name for name, kind in zip(names, kinds, strict=True) if kind == "null")
    return Columns(types=inferred, empty=frozenset(empty)) if len(table) else None


def _split_names(line: bytes, separator: str) -> tuple[str, ...] | None:
    """Return the names in a line; None if pandas may name a column differently."""
    try:
        text = line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return None
    # Either all names are quoted, or none.
    quote = '"' if text[:1] == text[-1:] == '"' else ""
    between = f"{quote}{separator}{quote}"
    names = tuple(text.removeprefix(quote).removesuffix(quote).split(between))
    is_plain = all(names) and len(set(names)) == len(names)
    return names if is_plain and _MARKS.isdisjoint("".join(names)) else None


def _name_type(column: Any, kind: str) -> str | None:
    """Return pandas' type of a pyarrow column; None if it might be another."""
    has_missing = bool(column.null_count)
    match kind:
        case "null" | "double":
            return "float64"
        case "int64":
            return "float64" if has_missing else "int64"
        case "bool":
            return "object" if has_missing else "bool"
        case "string":
            # If the first value is not a number, pandas reads the whole column as text.
            first = column.drop_null()[0].as_py()
            is_text = _TEXT.match(first) and not _WORDS.match(first)
            return "str" if is_text else None
        case _:
            is_time = kind.startswith(("date32", "time32", "timestamp"))
            return "str" if is_time else None


def _infer_by_pandas(lines: bytes, separator: str, name: str) -> Columns:
    pandas = import_library("pandas", name)
    # A broken line is reported when its chunk is read.
    frame = pandas.read_csv(
        io.BytesIO(lines), sep=separator, low_memory=False, on_bad_lines="skip"
    )
    n_values = count_values(pandas, lines[skip_names(lines, separator) :], separator)
    return Columns(
        types=name_types(pandas, frame),
        empty=frozenset(frame.columns[frame.isna().all().to_numpy()]),
        has_index=n_values > len(frame.columns),
    )


def count_values(pandas: Any, lines: Any, separator: str) -> int:
    """Count the values of the first line; with one too many pandas makes an index."""
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
