"""How the lines of a file are parsed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.json_lines.line_starts import (
    count_objects,
)
from jupyter_memkit.techniques.chunked.sources.magnitudes import (
    WIDEST,
    bound_magnitude,
)

_BLOCK_BYTES = 1 << 20
_MOST_BLOCK_BYTES = (1 << 31) - 1


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the lines of a file are parsed.

    Attributes
    ----------
    path : Path
        The file.
    schema : pyarrow.Schema
        The columns to read.
    is_chosen : bool
        Whether the user chose the columns, so that lines may have others.
    nulls : frozenset of str
        The columns without any value in the sample.
    backend : str
        The library of the chunks.
    categories : tuple of str
        The columns that become categories.
    """

    path: Path
    schema: Any
    is_chosen: bool
    nulls: frozenset[str]
    backend: str
    categories: tuple[str, ...]

    @cached_property
    def has_json(self) -> bool:
        """Whether a column is kept as JSON text, which Python parses."""
        return any(map(holds_json, self.schema))

    @cached_property
    def plain(self) -> Layout:
        """The columns that pyarrow parses; Python parses the others."""
        arrow = import_library("pyarrow", "JSON")
        fields = [field for field in self.schema if not holds_json(field)]
        return replace(self, schema=arrow.schema(fields), is_chosen=True)

    @cached_property
    def has_objects(self) -> bool:
        """Whether a column of the frame has objects, as its field is marked."""
        return any(field.metadata for field in self.schema)


def holds_json(field: Any) -> bool:
    """Return whether a column is nested or mixed, and so kept as JSON text."""
    return (field.metadata or {}).get(b"objects") == b"json"


def read_table(block: bytes, layout: Layout | None) -> Any:
    """Parse lines on all cores.

    Raises
    ------
    pyarrow.ArrowInvalid
        If Python has to parse them, or say what is wrong with them.
    """
    arrow = import_library("pyarrow", "JSON")
    reader = import_library("pyarrow.json", "JSON")
    n_objects = count_objects(block)
    if n_objects is None:
        message = "a line does not begin an object"
        raise arrow.ArrowInvalid(message)
    options = reader.ParseOptions()
    if layout is not None:
        options = reader.ParseOptions(
            explicit_schema=layout.schema,
            unexpected_field_behavior="ignore" if layout.is_chosen else "error",
        )

    def parse(block_bytes: int) -> Any:
        return reader.read_json(
            arrow.BufferReader(block),
            read_options=reader.ReadOptions(block_size=block_bytes),
            parse_options=options,
        )

    try:
        # Parts of the block, so that each core has some.
        table = parse(min(max(_BLOCK_BYTES, len(block) // 4), _MOST_BLOCK_BYTES))
    except arrow.ArrowInvalid as error:
        if "straddl" not in str(error):
            raise
        # A line that is longer than a part.
        table = parse(min(len(block) + 1, _MOST_BLOCK_BYTES))
    if len(table) != n_objects:
        # pyarrow accepts several objects of one line, and objects of several lines,
        # which a block may cut.
        message = "a line does not hold one object"
        raise arrow.ArrowInvalid(message)
    return table


def has_wide(table: Any) -> bool:
    """Return whether floats may be integers of 64 bits, which pyarrow reads as floats.

    They may also be large floats, which only the lines show.
    """
    kind = import_library("pyarrow", "JSON").float64()
    columns = (column for column in table.itercolumns() if column.type == kind)
    bound, _ = bound_magnitude(columns, "JSON")
    # An all-NaN bound is not below either.
    return not bound < WIDEST
