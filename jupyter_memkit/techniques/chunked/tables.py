"""Makes tables of pyarrow, all of one schema, of what chunks have for values."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.sources.files import import_library


def make_table(value: Any) -> Any:
    """Return a frame, a series or rows as a table of pyarrow.

    A default index is left out; one with names becomes columns.

    Raises
    ------
    ReduceError
        When the value is no table.
    """
    arrow = import_library("pyarrow", "the file")
    try:
        table = _convert(arrow, value)
    except (arrow.ArrowException, ValueError) as error:
        message = f"a value cannot be written as a table ({error}); give plain columns"
        raise ReduceError(message) from error
    if table is None:
        message = (
            f"--out cannot write {type(value).__name__}; end the cell with a frame, a "
            "series, a table, or a list of dicts"
        )
        raise ReduceError(message)
    return _without_dictionaries(arrow, table.replace_schema_metadata(None))


def _convert(arrow: Any, value: Any) -> Any:
    """Return a value as a table, or None where it is none."""
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(value, (pandas.Series, pandas.DataFrame)):
        return arrow.Table.from_pandas(_with_index(pandas, value), preserve_index=False)
    if polars is not None and isinstance(value, polars.DataFrame):
        return value.to_arrow()
    if isinstance(value, arrow.Table):
        return value
    if isinstance(value, arrow.RecordBatch):
        return arrow.Table.from_batches([value])
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return arrow.Table.from_pylist(value)
    names = getattr(getattr(value, "dtype", None), "names", None)
    return None if names is None else arrow.table({name: value[name] for name in names})


def _with_index(pandas: Any, value: Any) -> Any:
    """Return a frame in which an index with names is columns."""
    if isinstance(value, pandas.Series):
        value = value.to_frame("value" if value.name is None else value.name)
    is_plain = type(value.index) is pandas.RangeIndex or not any(value.index.names)
    return value if is_plain else value.reset_index()


def conform(table: Any, schema: Any) -> Any:
    """Return a table with the columns and types of a schema.

    Raises
    ------
    ReduceError
        When its columns are others, or its values do not fit.
    """
    arrow = import_library("pyarrow", "the file")
    if set(table.column_names) != set(schema.names):
        message = (
            f"--out got the columns {', '.join(table.column_names)} after "
            f"{', '.join(schema.names)}; give every chunk's value the same columns"
        )
        raise ReduceError(message)
    columns = []
    for field in schema:
        column = table[field.name]
        if column.type != field.type:
            column = _cast(arrow, column, field)
        columns.append(column)
    return arrow.table(columns, schema=schema)


def find_schema(table: Any) -> Any:
    """Return the schema to write: a column without any value is one of text."""
    arrow = import_library("pyarrow", "the file")
    return arrow.schema(
        [
            arrow.field(field.name, _writable(arrow, field.type))
            for field in table.schema
        ]
    )


def _writable(arrow: Any, kind: Any) -> Any:
    return arrow.string() if arrow.types.is_null(kind) else kind


def _without_dictionaries(arrow: Any, table: Any) -> Any:
    """Write categories as their values: each chunk has others."""
    for position, field in enumerate(table.schema):
        if arrow.types.is_dictionary(field.type):
            plain = table.column(position).cast(field.type.value_type)
            table = table.set_column(position, field.name, plain)
    return table


def _cast(arrow: Any, column: Any, field: Any) -> Any:
    """Give a column another type where its values fit."""
    before, after = field.type, column.type
    is_text = [
        arrow.types.is_string(kind) or arrow.types.is_large_string(kind)
        for kind in (before, after)
    ]
    if arrow.types.is_null(after) or is_text[0] == is_text[1]:
        try:
            return column.cast(before)
        except arrow.ArrowException:
            pass
    message = (
        f"--out got {after} after {before} in the column {field.name!r}; give it one "
        "type in the cell, as with .astype(...)"
    )
    raise ReduceError(message)
