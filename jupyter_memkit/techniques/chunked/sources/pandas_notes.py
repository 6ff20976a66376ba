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
