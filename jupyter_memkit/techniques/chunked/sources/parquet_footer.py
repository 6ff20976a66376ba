"""Reads the rows and columns of a Parquet file from its footer."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.dtypes import name_of_text
from jupyter_memkit.techniques.chunked.sources.pandas_notes import (
    Note,
    find_index_names,
    keep_notes,
)
from jupyter_memkit.techniques.chunked.sources.remote import opened

# Those of numpy, to which pandas converts a column of Arrow whatever is noted.
_PLAIN_TYPES = frozenset(
    {
        *("bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64"),
        *("object", "uint8", "uint16", "uint32", "uint64"),
    }
)


class Footer:
    """The footer of a file; what is needed often is computed once.

    Parameters
    ----------
    metadata : pyarrow.parquet.FileMetaData
        As pyarrow reads it.

    Attributes
    ----------
    metadata
        As given.
    schema : pyarrow.Schema
        The columns.
    starts : list of int
        The first row of each row group, and the total number of rows.
    """

    def __init__(self, metadata: Any) -> None:
        self.metadata = metadata
        self.schema = metadata.schema.to_arrow_schema()
        groups = range(metadata.num_row_groups)
        sizes = (metadata.row_group(number).num_rows for number in groups)
        self.starts: list[int] = [0, *accumulate(sizes)]

    @cached_property
    def index_names(self) -> list[str]:
        """The columns that are pandas' index."""
        return find_index_names(self.schema)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, without those of the index."""
        index = set(self.index_names)
        return tuple(name for name in self.schema.names if name not in index)

    @cached_property
    def missing(self) -> frozenset[str]:
        """The columns with missing values, according to the footer."""
        return frozenset(name for name, _, n_missing in self._chunks if n_missing)

    def measure_row(self, columns: Collection[str] | None) -> float:
        """Return the encoded bytes of a row in some columns; None is all."""
        wanted = None if columns is None else set(columns)
        sizes = (
            size for name, size, _ in self._chunks if wanted is None or name in wanted
        )
        return float(sum(sizes)) / max(1, self.starts[-1])

    def describe(self, columns: Collection[str] | None) -> dict[bytes, bytes] | None:
        """Return the metadata of a table of some columns; None is all.

        pandas looks up its notes on each column again for each chunk. They are useless
        for columns that are not read, and for columns that it reads in the same way
        without a note: those of numpy's types, and text.
        """
        wanted = set(self.columns if columns is None else columns)
        index, plain = set(self.index_names), _PLAIN_TYPES | {name_of_text()}

        def is_useful(name: str, note: Note) -> bool:
            is_plain = note["numpy_type"] in plain and note["name"] == name
            return name in index or (name in wanted and not is_plain)

        return keep_notes(self.schema, is_useful)

    def find_groups(self, row: int) -> tuple[int, list[int]]:
        """Return the start of the row group of a row, and the groups from there on."""
        first = bisect_right(self.starts, row) - 1
        return self.starts[first], list(range(first, len(self.starts) - 1))

    @cached_property
    def _chunks(self) -> list[tuple[str, int, int]]:
        """The column, bytes and number of missing values of each chunk in each group.

        The parts of a nested column are listed under the name of the whole.
        """
        names = set(self.schema.names)
        found = []
        for number in range(self.metadata.num_row_groups):
            group = self.metadata.row_group(number)
            for position in range(group.num_columns):
                chunk = group.column(position)
                path = chunk.path_in_schema
                is_nested = path not in names
                statistics = None if is_nested else chunk.statistics
                n_missing = statistics.null_count if statistics is not None else 0
                name = path.partition(".")[0] if is_nested else path
                found.append((name, chunk.total_uncompressed_size, n_missing or 0))
        return found


def read_footer(path: Path) -> Footer:
    """Return the footer of a file."""
    parquet = import_library("pyarrow.parquet", path.name)
    with opened(path) as where:
        return Footer(parquet.read_metadata(where))
