"""Parses lines in Python, for columns of objects and for blocks that pyarrow refuses.

Objects of pandas are kept as JSON text until the frame is made.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.json_lines.layout import (
    Layout,
    holds_json,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """The columns that some lines have.

    Attributes
    ----------
    schema : pyarrow.Schema
        The columns and their types.
    missing : frozenset of str
        The columns that are missing in some objects.
    mixed : frozenset of str
        The columns with values of different types, which are text in the schema.
    """

    schema: Any
    missing: frozenset[str]
    mixed: frozenset[str] = frozenset()


def read_objects(block: bytes) -> list[dict[str, Any]]:
    """Return the objects of lines."""
    # Decoded at once, because json would guess the encoding of every line.
    lines = block.decode().split("\n")
    return [json.loads(line) for line in lines if line.strip(" \t\r")]


def infer_objects(objects: list[dict[str, Any]]) -> Inferred:
    """Return the columns of objects."""
    arrow = import_library("pyarrow", "JSON")
    names = list(dict.fromkeys(name for row in objects for name in row))
    fields, missing, mixed = [], set(), set()
    for name in names:
        values = [row.get(name) for row in objects]
        if any(value is None for value in values):
            missing.add(name)
        kind = _find_type(arrow, values)
        if kind is None:
            mixed.add(name)
        fields.append(arrow.field(name, arrow.string() if kind is None else kind))
    return Inferred(
        schema=arrow.schema(fields), missing=frozenset(missing), mixed=frozenset(mixed)
    )


def _find_type(arrow: Any, values: list[Any]) -> Any:
    """Return the type of values; None if they are of different types."""
    known = [value for value in values if value is not None]
    kinds = {type(value) for value in known}
    if kinds == {int, float}:
        return arrow.float64()
    if len(kinds) > 1:
        return None
    if kinds == {int} and max(known) >= 2**63:
        if min(known) < 0 or max(known) >= 2**64:
            return None
        return arrow.uint64()
    try:
        return arrow.array(known).type
    except (arrow.ArrowException, OverflowError):
        return None


def make_table(objects: list[dict[str, Any]], layout: Layout) -> Any:
    """Return objects as a table with the columns and types of the layout.

    Raises
    ------
    pyarrow.ArrowException, OverflowError, TypeError, UnicodeError
        If a value does not fit.
    """
    arrow = import_library("pyarrow", "JSON")
    columns = []
    for field in layout.schema:
        if holds_json(field):
            columns.append(make_json(objects, field))
            continue
        values = [row.get(field.name) for row in objects]
        if arrow.types.is_floating(field.type):
            values = [float(each) if type(each) is int else each for each in values]
        columns.append(arrow.array(values, field.type))
    return arrow.table(columns, schema=layout.schema)


def make_json(objects: list[dict[str, Any]], field: Any) -> Any:
    """Return the values of a column as JSON text."""
    arrow = import_library("pyarrow", "JSON")
    values = [row.get(field.name) for row in objects]
    texts = [None if each is None else json.dumps(each) for each in values]
    return arrow.array(texts, field.type)
