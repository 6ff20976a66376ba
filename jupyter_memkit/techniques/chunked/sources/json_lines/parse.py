"""Parses blocks of lines, and says why one does not fit."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.files import import_library
from jupyter_memkit.techniques.chunked.sources.json_lines.broken import (
    find_broken,
    make_broken_error,
    make_mixed_error,
)
from jupyter_memkit.techniques.chunked.sources.json_lines.layout import (
    Layout,
    read_table,
)
from jupyter_memkit.techniques.chunked.sources.json_lines.pandas_names import (
    name_for_pandas,
)
from jupyter_memkit.techniques.chunked.sources.json_lines.sample import infer_table
from jupyter_memkit.techniques.chunked.sources.lines import count_rows, read_line_number


def parse_lines(layout: Layout, block: bytes, start: int) -> Any:
    """Return lines as a table with the columns and types of the layout."""
    arrow = import_library("pyarrow", layout.path.name)
    if not block.strip():
        return layout.schema.empty_table()
    try:
        table = read_table(block, layout)
    except (arrow.ArrowInvalid, UnicodeDecodeError) as error:
        raise _explain(layout, block, start, error) from error
    if len(table) != count_rows(block, skips_empty=True):
        # pyarrow reads an object of several lines, of which a block may have a part.
        raise make_broken_error(layout.path, start, *(find_broken(block) or (0, "")))
    for name in layout.categories:
        if name in table.column_names:
            column = table[name].dictionary_encode()
            table = table.set_column(table.column_names.index(name), name, column)
    return table


def _explain(
    layout: Layout, block: bytes, start: int, error: Exception
) -> SourceError | TypeChange:
    """Return what says why a block does not fit, and what to do."""
    path = layout.path
    broken = find_broken(block)
    if broken is not None:
        return make_broken_error(path, start, *broken)
    found = infer_table(path, block).schema
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
    return make_mixed_error(path, str(error))


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
        after = name_for_pandas(after, has_nulls=was_null)
    elif layout.backend == "polars" and types.is_timestamp(now):
        after = "string"
    return before, after
