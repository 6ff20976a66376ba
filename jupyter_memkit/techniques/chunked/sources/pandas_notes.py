"""pandas' notes in the metadata of an Arrow schema: the index, and types of columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Note = Mapping[str, Any]


def find_index_names(schema: Any) -> list[str]:
    """Return the columns that are pandas' index."""
    described = (schema.pandas_metadata or {}).get("index_columns", [])
    return [name for name in described if isinstance(name, str)]


def number_ranges(schema: Any, first_row: int, rows: int) -> dict[bytes, bytes]:
    """Return the metadata of a schema for some rows: with their part of each range.

    Parameters
    ----------
    schema : pyarrow.Schema
        A schema with notes of pandas. A level of its index may be a range.
    first_row : int
        The number of the first row.
    rows : int
        How many there are.
    """
    noted = schema.pandas_metadata
    levels = []
    for level in noted["index_columns"]:
        if isinstance(level, dict):
            start, step = level["start"] + first_row * level["step"], level["step"]
            levels.append({**level, "start": start, "stop": start + rows * step})
        else:
            levels.append(level)
    described = json.dumps({**noted, "index_columns": levels})
    return {**schema.metadata, b"pandas": described.encode()}


def read_notes(schema: Any) -> dict[str, Note]:
    """Return the notes on the columns of a schema, by their names in it."""
    columns = (schema.pandas_metadata or {}).get("columns", [])
    return {_find_name(note): note for note in columns}


def keep_notes(
    schema: Any, keeps: Callable[[str, Note], bool]
) -> dict[bytes, bytes] | None:
    """Return the metadata of a schema with the notes on some of its columns.

    Parameters
    ----------
    schema : pyarrow.Schema
        The schema.
    keeps : callable
        Takes the name of a column and the note on it, and returns whether to keep it.
    """
    metadata: dict[bytes, bytes] | None = schema.metadata
    noted = schema.pandas_metadata
    if metadata is None or not noted:
        return metadata
    kept = [note for note in noted["columns"] if keeps(_find_name(note), note)]
    described = json.dumps({**noted, "columns": kept})
    return {**metadata, b"pandas": described.encode()}


def _find_name(note: Note) -> str:
    # Old writers give only the name that the column had in pandas.
    name: str = note.get("field_name", note.get("name"))
    return name
