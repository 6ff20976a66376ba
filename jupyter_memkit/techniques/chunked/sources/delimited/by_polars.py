"""Parses lines as polars does."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Columns, Layout
from jupyter_memkit.techniques.chunked.sources.files import import_library

# The types that polars finds in text, by pyarrow's names for them.
_NAMES = {
    "Int64": "int64",
    "Float64": "double",
    "Boolean": "bool",
    "String": "large_string",
}


def infer(lines: bytes, separator: str, name: str) -> Columns:
    """Return the columns of lines, of which the first holds the names."""
    polars = import_library("polars", name)
    try:
        frame = polars.read_csv(
            lines, separator=separator, infer_schema_length=None, raise_if_empty=False
        )
    except polars.exceptions.PolarsError as error:
        raise _make_error(name, error) from error
    types = {column: str(kind) for column, kind in frame.schema.items()}
    return Columns(
        types={column: _NAMES.get(kind, kind) for column, kind in types.items()},
        empty=frozenset(c for c in types if frame[c].null_count() == len(frame)),
    )


def parse(block: Any, layout: Layout, path: Path, _start: int) -> Any:
    """Return the rows of whole lines as a frame of polars.

    Raises
    ------
    SourceError
        When a line is broken.
    TypeChange
        When a value does not fit its column's type.
    """
    polars = import_library("polars", path.name)
    try:
        frame = _read(polars, block, layout, path, is_typed=True)
    except polars.exceptions.PolarsError as error:
        try:
            found = _read(polars, block, layout, path, is_typed=False)
        except polars.exceptions.PolarsError:
            raise _make_error(path.name, error) from error
        changes = _find_changes(layout, found, path)
        if not changes:
            raise _make_error(path.name, error) from error
        raise TypeChange(path.name, changes) from error
    guessed = layout.empty.intersection(frame.columns)
    if any(frame[name].null_count() < len(frame) for name in guessed):
        found = _read(polars, block, layout, path, is_typed=False)
        changes = _find_changes(layout, found, path)
        if changes:
            raise TypeChange(path.name, changes)
    return frame


def _read(
    polars: Any, block: Any, layout: Layout, path: Path, *, is_typed: bool
) -> Any:
    """Parse lines below names of our own, so that they may begin with an empty one."""
    names = [f"c{number}" for number in range(len(layout.names))]
    chosen = [names[layout.names.index(name)] for name in layout.columns]
    types = {}
    if is_typed:
        types = {
            own: _find_type(polars, layout.types[name], path)
            for own, name in zip(names, layout.names, strict=True)
        }
    frame = polars.read_csv(
        io.BytesIO(b"".join([layout.separator.join(names).encode(), b"\n", block])),
        separator=layout.separator,
        columns=chosen,
        schema_overrides=types,
        infer_schema_length=None,
    )
    return frame.rename(dict(zip(chosen, layout.columns, strict=True)))


def _find_type(polars: Any, name: str, path: Path) -> Any:
    kinds = {ours: getattr(polars, theirs) for theirs, ours in _NAMES.items()}
    kinds.update(string=polars.String, str=polars.String, category=polars.Categorical)
    kinds.update(object=polars.String, float64=polars.Float64)
    kind = kinds.get(name) or getattr(polars, name[:1].upper() + name[1:], None)
    if kind is None:
        message = (
            f"{path.name} cannot be read as {name}; give --types int64, double, bool "
            "or string"
        )
        raise SourceError(message)
    return kind


def _find_changes(layout: Layout, found: Any, path: Path) -> dict[str, tuple[str, str]]:
    """Return the columns whose types no longer do, with those that do."""
    changes = {}
    for name, kind in found.schema.items():
        before, after = layout.types[name], _NAMES.get(str(kind), str(kind))
        if found[name].null_count() == len(found) or after == before:
            continue
        if before in {"large_string", "string", "str", "category"}:
            if name not in layout.empty:
                continue
            changes[name] = (before, after)
        elif before == "double" and after == "int64":
            continue
        elif {before, after} == {"int64", "double"}:
            changes[name] = (before, "double")
        elif {before, after} <= set(_NAMES.values()):
            changes[name] = (before, "large_string")
        else:
            message = (
                f"{path.name} has {name} as {before} before and {after} here; give "
                f"--types {name}=large_string"
            )
            raise SourceError(message)
    return changes


def _make_error(name: str, error: Exception) -> SourceError:
    said = str(error).partition("\n")[0].rstrip(".:")
    return SourceError(
        f"{name} cannot be parsed by polars ({said}); repair it, or give --backend "
        "pandas"
    )
