"""Converts the values of chunks to pyarrow tables of one schema."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.libraries import import_library

# Types of a family are converted to each other if no value changes: no number becomes
# a Boolean, and no time of day is lost.
_FAMILIES = (
    ("is_integer", "is_floating", "is_decimal"),
    ("is_date", "is_timestamp"),
    ("is_time",),
    ("is_duration",),
    ("is_string", "is_large_string"),
    ("is_binary", "is_large_binary", "is_fixed_size_binary"),
)


def make_table(value: Any) -> Any:
    """Return a frame, a series or rows as a pyarrow table.

    An index becomes columns, unless it only numbers the rows.

    Raises
    ------
    ReduceError
        If the value is not a table.
    """
    arrow = import_library("pyarrow", "the file")
    try:
        table = _convert(arrow, value)
        if table is not None:
            table = _plain(arrow, table.replace_schema_metadata(None))
    except (arrow.ArrowException, TypeError, ValueError) as error:
        message = (
            f"a value cannot be written as a table ({error}); end the cell with plain "
            "columns"
        )
        raise ReduceError(message) from error
    if table is None:
        message = (
            f"--out cannot write {type(value).__name__}; end the cell with a frame, a "
            "series, a table, or a list of dicts"
        )
        raise ReduceError(message)
    if len(set(table.column_names)) < table.num_columns:
        message = "two columns of a value have the same name; rename one in the cell"
        raise ReduceError(message)
    return table


def _convert(arrow: Any, value: Any) -> Any:
    """Return a value as a table, or None if it is not one."""
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(value, (pandas.Series, pandas.DataFrame)):
        return arrow.Table.from_pandas(_with_index(pandas, value), preserve_index=False)
    if polars is not None and isinstance(value, polars.Series):
        value = value.to_frame(value.name or "value")
    if polars is not None and isinstance(value, polars.DataFrame):
        return value.to_arrow()
    if isinstance(value, arrow.Table):
        return value
    if isinstance(value, arrow.RecordBatch):
        return arrow.Table.from_batches([value])
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        # Any row may be the first to have a key.
        keys = dict.fromkeys(key for row in value for key in row)
        columns = {key: [row.get(key) for row in value] for key in keys}
        # In records of pandas, a missing text is a NaN.
        return arrow.table(
            {
                key: arrow.array(column, from_pandas=True)
                for key, column in columns.items()
            }
        )
    names = getattr(getattr(value, "dtype", None), "names", None)
    return None if names is None else arrow.table({name: value[name] for name in names})


def _with_index(pandas: Any, value: Any) -> Any:
    """Return a frame with its index in columns, unless it only numbers the rows."""
    if isinstance(value, pandas.Series):
        value = value.to_frame("value" if value.name is None else value.name)
    index = value.index
    is_numbers = index.nlevels == 1 and pandas.api.types.is_integer_dtype(index.dtype)
    # The type of an empty index says nothing.
    is_plain = index.name is None and (is_numbers or not len(index))
    return value if is_plain and index.nlevels == 1 else value.reset_index()


def find_schema(known: Any, table: Any) -> Any:
    """Return a schema in which columns without a type get that of a table.

    Parameters
    ----------
    known : pyarrow.Schema
        The schema of the tables before; columns without any value have no type.
    table : pyarrow.Table
        The next table.
    """
    for position, field in enumerate(known):
        if field.name in table.column_names and has_no_type(field.type):
            kind = table.schema.field(field.name).type
            known = known.set(position, field.with_type(kind))
    return known


def has_no_type(kind: Any) -> bool:
    """Return whether a column, or what is nested in it, has no values so far."""
    arrow = import_library("pyarrow", "the file")
    return arrow.types.is_null(kind) or any(
        has_no_type(kind.field(number).type) for number in range(kind.num_fields)
    )


def finish_schema(schema: Any) -> Any:
    """Return the schema to write: a column without any value becomes text."""
    arrow = import_library("pyarrow", "the file")
    for position, field in enumerate(schema):
        if arrow.types.is_null(field.type):
            schema = schema.set(position, field.with_type(arrow.string()))
    return schema


def conform(table: Any, schema: Any) -> Any:
    """Return a table with the columns and types of a schema.

    Raises
    ------
    ReduceError
        If it has other columns, or its values do not fit.
    """
    arrow = import_library("pyarrow", "the file")
    if set(table.column_names) != set(schema.names):
        message = (
            f"--out got the columns {', '.join(table.column_names)} after "
            f"{', '.join(schema.names)}; give the value of every chunk the same "
            "columns"
        )
        raise ReduceError(message)
    columns = []
    for field in schema:
        column = table[field.name]
        if column.type != field.type:
            column = _cast(arrow, column, field)
        columns.append(column)
    return arrow.table(columns, schema=schema)


def copy_rows(table: Any) -> Any:
    """Return a copy of rows, in one piece.

    The memory of a value may change later, a slice keeps all that it was cut from, and
    the bytes under missing values and behind the last one would be written too.
    """
    numpy = import_library("numpy", "the file")
    return table.combine_chunks().take(numpy.arange(len(table))).combine_chunks()


def pack(tables: list[Any], schema: Any) -> bytes:
    """Return tables of a schema as bytes."""
    arrow = import_library("pyarrow", "the file")
    buffer = arrow.BufferOutputStream()
    with arrow.ipc.new_stream(buffer, schema) as stream:
        for table in tables:
            stream.write_table(table)
    packed: bytes = buffer.getvalue().to_pybytes()
    return packed


def unpack(packed: bytes) -> Any:
    """Return the rows that `pack` packed, as one table."""
    arrow = import_library("pyarrow", "the file")
    return copy_rows(arrow.ipc.open_stream(packed).read_all())


def _plain(arrow: Any, table: Any) -> Any:
    """Replace types whose columns cannot be joined or copied.

    Each chunk has other categories, and pyarrow cannot take rows of views.
    """
    views = {"string_view": arrow.large_string(), "binary_view": arrow.large_binary()}
    for position, field in enumerate(table.schema):
        kind = views.get(str(field.type))
        if arrow.types.is_dictionary(field.type):
            kind = field.type.value_type
        if kind is not None:
            plain = table.column(position).cast(kind)
            table = table.set_column(position, field.name, plain)
    return table


def _cast(arrow: Any, column: Any, field: Any) -> Any:
    """Convert a column to another type, if no value changes."""
    before, after = field.type, column.type
    try:
        if arrow.types.is_null(after):
            return column.cast(before)
        if _are_alike(arrow, before, after):
            cast = column.cast(before)
            if cast.cast(after).equals(column):
                return cast
        if arrow.types.is_nested(before) and arrow.types.is_nested(after):
            # The type of lists without any value cannot be cast back to.
            cast = column.cast(before)
            if cast.to_pylist() == column.to_pylist():
                return cast
    except arrow.ArrowException:
        pass
    message = (
        f"--out got {after} after {before} in the column {field.name!r}; give it one "
        "type in the cell, for example with .astype(...)"
    )
    raise ReduceError(message)


def _are_alike(arrow: Any, before: Any, after: Any) -> bool:
    """Return whether two types are of one family."""
    return any(
        all(
            any(getattr(arrow.types, test)(kind) for test in family)
            for kind in (before, after)
        )
        for family in _FAMILIES
    )
