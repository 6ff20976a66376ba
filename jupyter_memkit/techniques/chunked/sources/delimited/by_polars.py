"""Parses lines as polars does."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Columns, Layout
from jupyter_memkit.techniques.chunked.sources.delimited.cut import has

# The types that polars infers from text, and pyarrow's names for them.
_NAMES = {
    "Int64": "int64",
    "Float64": "double",
    "Boolean": "bool",
    "String": "large_string",
}
_TEXT = frozenset({"large_string", "string", "str", "category"})


# What is a number for polars only if the type is given: by its start, or like 1.e5.
_UNUSUAL_STARTS = (b" ", b"\t", b"+")
_UNUSUAL_EXPONENT = re.compile(rb"\d\.[eE][-+]?\d")

# The same, and what polars infers text from besides, in the text of a value.
_UNUSUAL = r"^$|^[ \t+]|\d\.[eE]|(?i:nan|inf)"

# A column without any value so far, which is read as text.
_EMPTY = "null"


def infer(lines: bytes, separator: str, name: str) -> Columns:
    """Infer the columns of lines; the first line holds the names."""
    polars = import_library("polars", name)
    try:
        frame = polars.read_csv(
            lines, separator=separator, infer_schema_length=None, raise_if_empty=False
        )
    except polars.exceptions.PolarsError as error:
        raise _make_error(name, error) from error
    types = {column: str(kind) for column, kind in frame.schema.items()}
    n_missing = frame.null_count().row(0, named=True)
    empty = frozenset(each for each in types if n_missing[each] == len(frame))
    return Columns(
        types={
            column: _EMPTY if column in empty else _NAMES.get(kind, kind)
            for column, kind in types.items()
        },
        empty=empty,
    )


def parse(block: Any, layout: Layout, path: Path, _start: int) -> Any:
    """Return the rows of whole lines as a polars frame.

    Raises
    ------
    SourceError
        If a line is broken.
    TypeChange
        If a value does not fit its column's type.
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
    if _may_differ(polars, block, frame, layout.separator) and _are_unusual(
        polars, block, layout, path
    ):
        changes = _find_changes(layout, _infer(polars, block, layout, path), path)
        inferred = {
            name: change for name, change in changes.items() if name not in layout.given
        }
        if inferred:
            raise TypeChange(path.name, inferred)
    guessed = [name for name in layout.columns if layout.types[name] == _EMPTY]
    if any(frame[name].null_count() < len(frame) for name in guessed):
        changes = _find_changes(layout, _infer(polars, block, layout, path), path)
        if changes:
            raise TypeChange(path.name, changes)
    return frame


def _may_differ(polars: Any, block: Any, frame: Any, separator: str) -> bool:
    """Return whether polars may infer text where it also reads another type.

    It infers text from ``nan``, ``Inf``, ``+5``, ``1.e5``, a blank, and an empty pair
    of quotes.
    """
    totals = frame.select(polars.selectors.float().sum()).rows()
    unusual = _list_unusual(separator.encode(), is_quoted=has(block, b'"'))
    return (
        not all(map(math.isfinite, chain.from_iterable(totals)))
        or (b"\n" + bytes(block[:4])).startswith(unusual)
        or bytes(block[-2:]) == b'""'
        or any(has(block, start) for start in unusual)
        # Text often has such a pair of bytes, and the pattern takes longer.
        or (
            any(has(block, pair) for pair in (b".e", b".E"))
            and _UNUSUAL_EXPONENT.search(block) is not None
        )
    )


def _are_unusual(polars: Any, block: Any, layout: Layout, path: Path) -> bool:
    """Return whether a value of a column that is not text is unusual.

    Text often has what seems so, such as a blank after a comma, and inferring the types
    of a block takes many times as long as reading it.
    """
    read_as_text = _TEXT | {_EMPTY}
    columns = tuple(n for n in layout.columns if layout.types[n] not in read_as_text)
    if not columns:
        return False
    types = dict.fromkeys(layout.names, "string")
    read = replace(layout, columns=columns, types=types)
    texts = _read(polars, block, read, path, is_typed=True)
    found = texts.select(polars.all().str.contains(_UNUSUAL).any())
    return any(found.row(0))


def _list_unusual(mark: bytes, *, is_quoted: bool) -> tuple[bytes, ...]:
    """Return how values that are unusual begin, after a separator or a line end."""
    starts = [first for first in _UNUSUAL_STARTS if first != mark]
    if is_quoted:
        starts += [b'"' + first for first in _UNUSUAL_STARTS]
        # Within quotes, a pair of them is a quote.
        starts += [b'""' + after for after in (mark, b"\n", b"\r")]
    return tuple(before + start for start in starts for before in (mark, b"\n"))


def _infer(polars: Any, block: Any, layout: Layout, path: Path) -> Any:
    """Parse lines with the types that polars infers from them alone."""
    try:
        return _read(polars, block, layout, path, is_typed=False)
    except polars.exceptions.PolarsError as error:
        raise _make_error(path.name, error) from error


def _read(
    polars: Any, block: Any, layout: Layout, path: Path, *, is_typed: bool
) -> Any:
    """Parse lines under generated names, so that the first line may be empty."""
    own = {name: f"c{number}" for number, name in enumerate(layout.names)}
    chosen = [own[name] for name in layout.columns]
    types = {}
    if is_typed:
        kinds = _list_types(polars)
        types = {
            own[name]: _find_type(kinds, layout.types[name], name, path)
            for name in layout.names
        }
    frame = polars.read_csv(
        io.BytesIO(
            b"".join([layout.separator.join(own.values()).encode(), b"\n", block])
        ),
        separator=layout.separator,
        # Choosing all columns would take time for each.
        columns=None if layout.columns == layout.names else chosen,
        schema_overrides=types,
        # Known types would be inferred all the same, from all lines.
        infer_schema_length=0 if is_typed else None,
    )
    return frame.rename(dict(zip(chosen, layout.columns, strict=True)))


def _list_types(polars: Any) -> dict[str, Any]:
    """Return polars' types by their names in a layout."""
    kinds = {ours: getattr(polars, theirs) for theirs, ours in _NAMES.items()}
    kinds.update(dict.fromkeys(("str", "string", _EMPTY), polars.String))
    kinds.update(category=polars.Categorical, float64=polars.Float64)
    return kinds


def _find_type(kinds: dict[str, Any], name: str, column: str, path: Path) -> Any:
    if name not in kinds:
        message = (
            f"{path.name} has {column} as {name}, which cannot be read in chunks; "
            f"use --types {write_list([f'{column}=large_string'])}"
        )
        raise SourceError(message)
    return kinds[name]


def _find_changes(layout: Layout, found: Any, path: Path) -> dict[str, tuple[str, str]]:
    """Return the columns whose types no longer fit, with types that do."""
    changes = {}
    for name, kind in found.schema.items():
        before, after = layout.types[name], _NAMES.get(str(kind), str(kind))
        is_text = {before, after} & _TEXT
        if found[name].null_count() == len(found) or after == before:
            continue
        if before == _EMPTY:
            if after != "large_string":
                changes[name] = (before, after)
        elif before in is_text or (before, after) == ("double", "int64"):
            continue
        elif {before, after} == {"int64", "double"}:
            changes[name] = (before, "double")
        elif {before, after} <= set(_NAMES.values()):
            changes[name] = (before, "large_string")
        else:
            message = (
                f"{name} of {path.name} is {before} in earlier rows and {after} in "
                f"later ones; use --types {write_list([f'{name}=large_string'])}"
            )
            raise SourceError(message)
    return changes


def _make_error(name: str, error: Exception) -> SourceError:
    said = str(error).partition("\n")[0].rstrip(".:")
    return SourceError(
        f"{name} cannot be parsed by polars ({said}); repair it, or use --backend "
        "pandas"
    )
