"""Parses blocks of lines, and explains why one does not fit."""

from __future__ import annotations

import contextlib
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.json_lines.broken import (
    find_broken,
    make_broken_error,
    make_mixed_error,
)
from jupyter_memkit.techniques.chunked.sources.json_lines.by_python import (
    Inferred,
    infer_objects,
    make_json,
    make_table,
    read_objects,
)
from jupyter_memkit.techniques.chunked.sources.json_lines.layout import (
    Layout,
    has_wide,
    holds_json,
    read_table,
)
from jupyter_memkit.techniques.chunked.sources.json_lines.pandas_names import (
    name_for_pandas,
)
from jupyter_memkit.techniques.chunked.sources.lines import read_line_number


def parse_lines(layout: Layout, block: bytes, start: int) -> Any:
    """Return lines as a table with the columns and types of the layout."""
    arrow = import_library("pyarrow", layout.path.name)
    if not block or block.isspace():
        return layout.schema.empty_table()
    table = None
    # Python reports what is wrong with lines that cannot be parsed. The errors of
    # pyarrow are of this type too.
    with contextlib.suppress(ValueError):
        parse = _parse_by_both if layout.has_json else read_table
        table = parse(block, layout)
    if table is None or (layout.backend != "arrow" and has_wide(table)):
        table = _parse_by_python(layout, block, start)
    if layout.backend == "pandas":
        _check_missing(layout, table)
    if layout.has_objects:
        # With the marks of columns of objects.
        columns = [table[name] for name in layout.schema.names]
        table = arrow.table(columns, schema=layout.schema)
    for name in layout.categories:
        if name in table.column_names:
            column = table[name].dictionary_encode()
            table = table.set_column(table.column_names.index(name), name, column)
    return table


def _parse_by_both(block: bytes, layout: Layout) -> Any:
    """Parse plain columns by pyarrow, and those of objects by Python.

    Returns
    -------
    pyarrow.Table or None
        None if a line is not an object, or has a column that the sample does not have.

    Raises
    ------
    ValueError
        If a line is invalid.
    """
    arrow = import_library("pyarrow", "JSON")
    objects = read_objects(block)
    if any(type(row) is not dict for row in objects):
        return None
    if not layout.is_chosen and set().union(*objects) - set(layout.schema.names):
        return None
    plain = layout.plain
    columns = {}
    if plain.schema.names:
        table = read_table(block, plain)
        columns = dict(zip(table.column_names, table.columns, strict=True))
    for field in filter(holds_json, layout.schema):
        columns[field.name] = make_json(objects, field)
    return arrow.table(
        [columns[name] for name in layout.schema.names], schema=layout.schema
    )


def _parse_by_python(layout: Layout, block: bytes, start: int) -> Any:
    """Parse a block that pyarrow refuses, or explain why it does not fit.

    Raises
    ------
    SourceError
        If a line is invalid, or has a column that the sample does not have.
    TypeChange
        If a value does not fit the type of its column.
    """
    arrow = import_library("pyarrow", "JSON")
    path = layout.path
    broken = find_broken(block)
    if broken is not None:
        raise make_broken_error(path, start, *broken)
    objects = read_objects(block)
    found = infer_objects(objects)
    known = set(layout.schema.names)
    new = [name for name in found.schema.names if name not in known]
    if new and not layout.is_chosen:
        line = read_line_number(path, start)
        message = (
            f"{path.name} has {', '.join(new)} in the lines from {line} on, but not in "
            "its sample; use --read sample=all, or --columns "
            f"{write_list(layout.schema.names)}"
        )
        raise SourceError(message)
    changes = {}
    for field in layout.schema:
        change = _find_change(layout, field, found)
        if change is not None:
            changes[field.name] = change
    if changes:
        raise TypeChange(path.name, changes, _find_misfits(objects, layout))
    try:
        return make_table(objects, layout)
    except (arrow.ArrowException, OverflowError, TypeError, UnicodeError) as error:
        rows = _find_misfits(objects, layout)
        if layout.backend != "pandas" or not rows:
            raise make_mixed_error(path, str(error)) from error
        types = {name: str(layout.schema.field(name).type) for name in rows}
        changes = {name: (kind, "mixed") for name, kind in types.items()}
        raise TypeChange(path.name, changes, rows) from error


def _check_missing(layout: Layout, table: Any) -> None:
    """Reject missing values where pandas had integers or Booleans before."""
    types = import_library("pyarrow", "JSON").types
    changes, rows = {}, {}
    names = zip(table.column_names, table.itercolumns(), strict=True)
    for name, column in names:
        if not column.null_count:
            continue
        field = layout.schema.field(name)
        is_flag = types.is_boolean(field.type) and not field.metadata
        if is_flag or types.is_integer(field.type):
            after = "object" if is_flag else "float64"
            changes[field.name] = (str(field.type), after)
            rows[field.name] = column.is_null().index(value=True).as_py()
    if changes:
        raise TypeChange(layout.path.name, changes, rows)


def _find_misfits(objects: list[dict[str, Any]], layout: Layout) -> dict[str, int]:
    """Return the row of the first value that does not fit, for columns with one."""
    rows = {}
    for field in layout.schema:
        values = (each.get(field.name) for each in objects)
        fits = (_fits(value, field.type) for value in values)
        row = next((row for row, does_fit in enumerate(fits) if not does_fit), None)
        if row is not None:
            rows[field.name] = row
    return rows


def _fits(value: Any, kind: Any) -> bool:
    arrow = import_library("pyarrow", "JSON")
    if type(value) is int and arrow.types.is_floating(kind):
        return True
    try:
        arrow.array([value], kind)
    except (arrow.ArrowException, OverflowError, TypeError, UnicodeError):
        return False
    return True


def _find_change(  # noqa: C901, PLR0911 - one for each rule
    layout: Layout, field: Any, found: Inferred
) -> tuple[str, str] | None:
    """Return the types before and after, if another type holds all values."""
    types = import_library("pyarrow", "JSON").types
    name, was = field.name, field.type
    is_pandas = layout.backend in {"pandas", "numpy"}
    if name not in found.schema.names or holds_json(field):
        return None
    before = "null" if name in layout.nulls else str(was)
    if name in found.mixed:
        if is_pandas:
            return before, "mixed"
        raise make_mixed_error(layout.path, f"in {name}")
    now = found.schema.field(name).type
    if types.is_null(now) or was == now:
        return None
    if now.num_fields and was.num_fields:
        _check_nested(layout, name, was, now)
        return None
    if types.is_floating(was) and str(now) == "uint64":
        wanted = write_list([f"{name}=mixed"])
        message = (
            f"{layout.path.name} has integers of more than 63 bits in {name}, which a "
            f"float would round to 16 digits; use --types {wanted}"
        )
        raise SourceError(message)
    after = _unite(types, was, now, is_guess=before == "null")
    if after is None or (is_pandas and now.num_fields):
        return (before, "mixed") if is_pandas else None
    if after == str(was) and before != "null":
        return None
    if is_pandas:
        after = name_for_pandas(after, has_nulls=before == "null")
    elif layout.backend == "polars" and types.is_timestamp(now):
        after = "string"
    return before, after


def _check_nested(layout: Layout, name: str, was: Any, now: Any) -> None:
    """Reject nested values with keys or types that the sample does not have."""
    arrow = import_library("pyarrow", "JSON")
    try:
        both = arrow.unify_schemas(
            [arrow.schema([(name, was)]), arrow.schema([(name, now)])],
            promote_options="permissive",
        )
    except arrow.ArrowException as error:
        raise make_mixed_error(layout.path, str(error)) from error
    if both.field(name).type != was:
        message = (
            f"{layout.path.name} has keys or types in {name} that its sample does not "
            "have; use --read sample=all, or --columns without it"
        )
        raise SourceError(message)


def _unite(types: Any, was: Any, now: Any, *, is_guess: bool) -> str | None:
    """Return the type that holds values of both; None if there is none."""
    if is_guess or (str(was), str(now)) == ("int64", "uint64"):
        return str(now)
    if str(was) == "uint64" and types.is_integer(now):
        return str(was)
    if types.is_integer(was) and types.is_floating(now):
        return "double"
    if types.is_timestamp(was) and types.is_string(now):
        return "string"
    are_held = (types.is_floating(was) and types.is_integer(now)) or (
        types.is_string(was) and types.is_timestamp(now)
    )
    return str(was) if are_held else None
