"""Casts columns to other types without changing their values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.dtypes import parse_type
from jupyter_memkit.techniques.chunked.sources.pandas_notes import keep_notes

# Floats hold all integers up to this one.
_EXACT = 2**53


class NotHeldError(Exception):
    """Values of a column that the wanted type does not hold.

    Parameters
    ----------
    column : str
        The column.
    got : str
        The type of its values.
    reason : str
        Why they cannot be cast.
    """

    def __init__(self, column: str, got: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.got = got


def is_castable(before: Any, after: Any) -> bool:
    """Return whether values of one Arrow type may become another, if they fit.

    Numbers and text may not: 007 became 7.
    """
    arrow = import_library("pyarrow", "the table")
    types = arrow.types
    if types.is_null(before) or before == after:
        return True
    if types.is_timestamp(before) and types.is_timestamp(after):
        # A time without a zone is not a moment.
        return bool((before.tz is None) == (after.tz is None))
    families = (_is_number, _is_text, types.is_duration, types.is_time, _is_bytes)
    if types.is_date(before):
        return bool(types.is_date(after) or types.is_timestamp(after))
    return any(holds(before) and holds(after) for holds in families)


def _is_number(kind: Any) -> bool:
    types = import_library("pyarrow", "the table").types
    return bool(
        types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    )


def _is_text(kind: Any) -> bool:
    types = import_library("pyarrow", "the table").types
    # A view is a type of later versions.
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or str(kind) == "string_view"
    )


def _is_bytes(kind: Any) -> bool:
    types = import_library("pyarrow", "the table").types
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def cast_table(table: Any, wanted: Mapping[str, Any]) -> Any:
    """Return an Arrow table with other types of some columns.

    Parameters
    ----------
    table : pyarrow.Table
        The rows.
    wanted : mapping of str to pyarrow.DataType
        The types that differ.

    Raises
    ------
    NotHeldError
        If values of a column do not fit its type.
    """
    arrow = import_library("pyarrow", "the table")
    for name, kind in wanted.items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(place)
        try:
            if not is_castable(field.type, kind):
                why = "its values are of another kind"
                raise NotHeldError(name, str(field.type), why)
            values = table.column(place).cast(kind)
        except arrow.ArrowException as error:
            raise NotHeldError(name, str(field.type), str(error)) from error
        table = table.set_column(place, field.with_type(kind), values)
    return _forget_notes(table, wanted) if wanted else table


def _forget_notes(table: Any, names: Mapping[str, Any]) -> Any:
    """Drop pandas' notes on the previous types of columns."""
    kept = keep_notes(table.schema, lambda name, _: name not in names)
    return table.replace_schema_metadata(kept)


def encode_categories(table: Any, names: Collection[str]) -> Any:
    """Return an Arrow table with categories in some of its columns."""
    types = import_library("pyarrow", "the table").types
    for place, field in enumerate(table.schema):
        if field.name in names and not types.is_dictionary(field.type):
            values = table.column(place).dictionary_encode()
            table = table.set_column(place, field.with_type(values.type), values)
    return table


def find_casts(table: Any, wanted: Mapping[str, str]) -> dict[str, Any]:
    """Return the Arrow types of the columns that a table has in another type.

    Parameters
    ----------
    table : pyarrow.Table
        The rows.
    wanted : mapping of str to str
        Names of types, of pandas, polars or Arrow; those that Arrow has no equal of,
        such as ``"object"``, are left out.
    """
    found = {}
    for field in table.schema:
        name = wanted.get(field.name)
        if name is None or name == str(field.type):
            continue
        kind = parse_type(name)
        if kind is None or kind == field.type:
            continue
        if table.column_names.count(field.name) == 1:
            found[field.name] = kind
    return found


def cast_values(values: Any, wanted: str) -> Any:
    """Return a pandas column of numbers or times in another type.

    Returns
    -------
    pandas.Series or None
        None if a value would change by more than the rounding of a float.
    """
    pandas = import_library("pandas", "the table")
    types = pandas.api.types
    try:
        after = pandas.api.types.pandas_dtype(wanted)
        is_number = types.is_numeric_dtype(values.dtype) and types.is_numeric_dtype(
            after
        )
        is_time = getattr(values.dtype, "kind", "") == getattr(after, "kind", "-")
        is_bool = types.is_bool_dtype(values.dtype), types.is_bool_dtype(after)
        if not (is_number or is_time) or is_bool[0] != is_bool[1]:
            return None
        if is_number and not is_bool[0] and not _fit(pandas, values.dropna(), after):
            return None
        cast = values.astype(wanted)
        back = cast if is_number else cast.astype(values.dtype)
        is_same = is_number or bool((back.dropna() == values.dropna()).all())
    except (TypeError, ValueError, OverflowError):
        return None
    return cast if is_same else None


def _fit(pandas: Any, values: Any, after: Any) -> bool:
    """Return whether numbers, of which none is missing, fit a type."""
    types = pandas.api.types
    if not len(values):
        return True
    if types.is_float_dtype(after):
        if types.is_float_dtype(values.dtype):
            return True
        return max(abs(int(values.min())), abs(int(values.max()))) <= _EXACT
    numpy = import_library("numpy", "the table")
    if types.is_float_dtype(values.dtype):
        # Arrow's floats in pandas have no remainder.
        plain = numpy.asarray(values, dtype="float64")
        if not (plain % 1 == 0).all():
            return False
    limits = numpy.iinfo(getattr(after, "numpy_dtype", after))
    return bool(
        int(limits.min) <= int(values.min()) and int(values.max()) <= int(limits.max)
    )
