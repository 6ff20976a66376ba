"""The column names of a frame or a table, whatever library holds it.

This depends on the type only, because pandas' columns and labels are also attributes of
the object, whatever their names.
"""

from __future__ import annotations

from typing import Any


def has_columns(rows: Any) -> bool:
    """Return whether rows are a frame or a table, rather than a series or an array."""
    return hasattr(type(rows), "columns")


def is_arrow_table(rows: Any) -> bool:
    """Return whether rows are a pyarrow table, whose `columns` are their values."""
    return hasattr(type(rows), "column_names")


def list_names(rows: Any) -> list[Any] | None:
    """Return the names of the columns; None if the rows have none."""
    if is_arrow_table(rows):
        return list(rows.column_names)
    return list(rows.columns) if has_columns(rows) else None
