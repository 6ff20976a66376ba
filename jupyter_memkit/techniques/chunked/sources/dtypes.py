"""Finds the type that holds the values of two types, by their names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jupyter_memkit.techniques.chunked.sources.files import import_library


def widen(before: str, after: str) -> str:
    """Return the pandas type that holds the values of both; text is ``"str"``."""
    pair = {before, after}
    if pair == {"int64", "uint64"}:
        return "uint64"
    if pair <= {"int64", "float64", "uint64"}:
        return "float64"
    if pair == {"bool", "object"}:
        return "object"
    return "str"


def widen_for_missing(before: str) -> str:
    """Return the pandas type for values of a type if some of them are missing."""
    if before == "bool":
        return "object"
    return "float64" if before.startswith(("int", "uint")) else before


def name_of_text() -> str:
    """Return the name of the text type in pandas."""
    pandas = import_library("pandas", "the table")
    return "str" if int(pandas.__version__.partition(".")[0]) >= 3 else "object"


def holds(wanted: str, got: str) -> bool:
    """Return whether values of type `got` can become `wanted` without a loss.

    Numbers that were read from text cannot become text again, since 007 became 7.
    """
    return (wanted == "float64" and got in {"int32", "int64"}) or (
        wanted in {"object", "str"} and got in {"bool", "object", "str"}
    )


def unite(before: str, after: str, backend: str | None) -> str:
    """Return the type that holds the values of a column in two files."""
    if backend in {"pandas", "numpy"}:
        numbers = {before, after} <= {"int64", "float64", "uint64"}
        return "float64" if numbers else widen(before, after)
    numbers = {before, after} <= {"int64", "double"}
    return "double" if numbers else "large_string"


def types_of_missing(schema: Any, missing: Iterable[str]) -> dict[str, str]:
    """Return the pandas types of columns whose type depends on missing values.

    Parameters
    ----------
    schema : pyarrow.Schema
        The schema of the whole source.
    missing : iterable of str
        The columns with missing values.
    """
    names = list(missing)
    if not names:
        return {}
    types = import_library("pyarrow", "the table").types
    noted = (schema.pandas_metadata or {}).get("columns", ())
    nullable = {
        each.get("field_name", each.get("name"))
        for each in noted
        if not _is_of_numpy(each["numpy_type"])
    }
    found = {}
    for name in names:
        if name in nullable:
            continue  # Missing values do not change such a type.
        kind = schema.field(name).type
        if types.is_integer(kind):
            found[name] = "float64"
        elif types.is_boolean(kind):
            found[name] = "object"
    return found


def _is_of_numpy(name: str) -> bool:
    """Return whether a type in pandas' metadata is a numpy type."""
    numpy = import_library("numpy", "the table")
    try:
        numpy.dtype(name)
    except TypeError:
        return False
    return True
