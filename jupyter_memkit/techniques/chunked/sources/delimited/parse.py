"""Parses blocks of lines: by pyarrow on all cores, and what it refuses by pandas."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.delimited.explain import explaining
from jupyter_memkit.techniques.chunked.sources.delimited.layout import (
    Layout,
    describe_missing,
)
from jupyter_memkit.techniques.chunked.sources.dtypes import holds, widen
from jupyter_memkit.techniques.chunked.sources.files import import_library

# Types of pandas for columns that are read as text.
_OF_TEXT = frozenset({"str", "object", "category"})


def parse_block(block: Any, layout: Layout, path: Path, start: int) -> Any:
    """Return the rows of whole lines as a table of pyarrow.

    Raises
    ------
    SourceError
        When a line is broken.
    TypeChange
        When a value does not fit its column's type.
    """
    arrow = import_library("pyarrow", path.name)
    types = {name: _arrow_type(arrow, layout.types[name]) for name in layout.columns}
    try:
        return _parse_by_arrow(arrow, block, layout, types)
    except arrow.ArrowInvalid as error:
        if layout.backend in {"pandas", "numpy"}:
            return _parse_by_pandas(arrow, block, layout, path, start)
        try:
            table = _parse_by_arrow(arrow, block, layout, {})
        except arrow.ArrowInvalid:
            message = f"{path.name} cannot be parsed ({error}); repair it"
            raise SourceError(message) from error
        raise TypeChange(path.name, _find_changes(layout, table)) from error


def _parse_by_arrow(
    arrow: Any, block: Any, layout: Layout, types: Mapping[str, Any]
) -> Any:
    """Parse lines on all cores, quickly where no value has a line's end in it."""
    csv = import_library("pyarrow.csv", "CSV")

    def parse(*, newlines_in_values: bool) -> Any:
        return csv.read_csv(
            arrow.py_buffer(block),
            read_options=csv.ReadOptions(
                column_names=layout.names,
                # Parts of the block, for each core to have some.
                block_size=min(max(1 << 20, len(block) // 4), (1 << 31) - 1),
            ),
            parse_options=csv.ParseOptions(
                delimiter=layout.separator, newlines_in_values=newlines_in_values
            ),
            convert_options=csv.ConvertOptions(
                include_columns=layout.columns,
                column_types=types,
                **describe_missing(layout.backend),
            ),
        )

    try:
        return parse(newlines_in_values=False)
    except arrow.ArrowInvalid:
        if not _has_quotes(block):
            raise
        # A part that ends within a value is noticed, for then its rows do not add up.
        return parse(newlines_in_values=True)


def _parse_by_pandas(
    arrow: Any, block: Any, layout: Layout, path: Path, start: int
) -> Any:
    pandas = import_library("pandas", path.name)
    texts = {name: str for name, dtype in layout.types.items() if dtype in _OF_TEXT}
    with explaining(path, start):
        frame = pandas.read_csv(
            io.BytesIO(block),
            sep=layout.separator,
            header=None,
            names=layout.names,
            dtype=texts,
            low_memory=False,
        )
        if not isinstance(frame.index, pandas.RangeIndex):
            # Values more than names in the first line, which pandas takes for an index.
            n_names = len(layout.names)
            message = f"Expected {n_names} fields in line 1, saw {n_names + 1} or more"
            raise pandas.errors.ParserError(message)
    frame = frame[layout.columns]
    changes: dict[str, tuple[str, str]] = {}
    for name, dtype in frame.dtypes.items():
        wanted, got = layout.types[name], str(dtype)
        if wanted not in _OF_TEXT and got != wanted and not holds(wanted, got):
            changes[name] = (wanted, widen(wanted, got))
    if changes:
        raise TypeChange(path.name, changes)
    types = [(name, _arrow_type(arrow, layout.types[name])) for name in layout.columns]
    return arrow.Table.from_pandas(
        frame, preserve_index=False, schema=arrow.schema(types)
    )


def _find_changes(layout: Layout, table: Any) -> dict[str, tuple[str, str]]:
    """Return the columns whose types no longer do, with those that do."""
    changes = {}
    for item in table.schema:
        before, after = layout.types[item.name], str(item.type)
        if after not in {before, "null"}:
            both = {before, after}
            wider = "double" if both == {"int64", "double"} else "string"
            if wider != before and not (before == "double" and after == "int64"):
                changes[item.name] = (before, wider)
    return changes


_ARROW_TYPES = {"str": "large_string", "object": "large_string", "string": "string"}


def _arrow_type(arrow: Any, name: str) -> Any:
    if name == "category":
        return arrow.dictionary(arrow.int32(), arrow.string())
    return arrow.type_for_alias(_ARROW_TYPES.get(name, name))


def _has_quotes(block: bytes | memoryview) -> bool:
    """Tell whether a block has quotes; a buffer may have some after its end too."""
    data: Any = block.obj if isinstance(block, memoryview) else block
    found: int = data.find(b'"', 0, len(block))
    return found >= 0
