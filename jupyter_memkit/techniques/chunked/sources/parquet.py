"""Parquet files, whose footers tell the rows, the columns and the types."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Loaded,
    Piece,
    Request,
)
from jupyter_memkit.techniques.chunked.sources.cutting import cut_pieces
from jupyter_memkit.techniques.chunked.sources.dtypes import types_of_missing
from jupyter_memkit.techniques.chunked.sources.files import (
    FileSource,
    import_library,
)
from jupyter_memkit.techniques.chunked.sources.remote import opened
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file

SUFFIXES = frozenset({".parquet", ".pq"})

_BUFFER_BYTES = 65_536

# Enough that reading a part costs nothing beside its rows, and few for a budget.
_BATCH_ROWS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetSource(FileSource):
    """A Parquet file, its rows in order.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        Options of ``pyarrow.parquet.ParquetFile``.
    """

    backend: str = FROM_FILES

    @property
    def total_rows(self) -> int:
        """The number of rows, from the footer of the file."""
        rows: int = self._metadata().num_rows
        return rows

    @property
    def row_bytes(self) -> float:
        """The bytes of a row, before they are decoded to more."""
        metadata = self._metadata()
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
        total: int = sum(group.total_byte_size for group in groups)
        return total / max(1, int(metadata.num_rows))

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns, without those that are an index."""
        schema = self._schema()
        index = set(_index_of(schema))
        return tuple(name for name in schema.names if name not in index)

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types that pandas gives where values are missing."""
        if backend not in {"pandas", "numpy"}:
            return {}
        metadata = self._metadata()
        schema = self._schema()
        # Also told are the parts of nested columns.
        missing = _missing_somewhere(metadata).intersection(schema.names)
        return types_of_missing(schema, missing)

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read the file from its start, or from a row."""
        columns = self._choose(request.columns)
        if request.portable:
            yield from self._groups(request, columns)
            return
        row = sum(request.start or (0, 0))
        first, groups = self._find_groups(row)
        batches = self._batches(request, columns, groups, first)
        yield from cut_pieces(batches, request, row - first)

    def _groups(
        self, request: Request, columns: list[str] | None
    ) -> Generator[Piece, None, None]:
        """Read whole row groups, each by itself; large ones in pieces that are sent."""
        sizes = self._group_sizes()
        start, first, total = 0, 0, sum(sizes)
        while first < len(sizes):
            last, rows, wanted = first, 0, request.rows()
            while last < len(sizes) and (not rows or rows + sizes[last] <= wanted):
                rows += sizes[last]
                last += 1
            groups, end = list(range(first, last)), start + rows
            if rows > wanted * 2:
                batches = self._batches(request, columns, groups, start)
                yield from cut_pieces(batches, request)
            else:
                yield Piece(
                    load=partial(
                        self._load_groups, groups, columns, request.categories
                    ),
                    start=[start, 0],
                    end=[end, 0],
                    rows=rows,
                    fraction=end / total,
                )
            start, first = end, last

    def _batches(
        self, request: Request, columns: list[str] | None, groups: list[int], row: int
    ) -> Generator[Piece, None, None]:
        """Read row groups in small parts, of which chunks of any size are made."""
        arrow = import_library("pyarrow", self.name)
        total = self.total_rows
        with self._open(request.categories) as file:
            for batch in file.iter_batches(
                batch_size=min(request.rows(), _BATCH_ROWS),
                row_groups=groups,
                columns=columns,
                use_threads=False,
            ):
                end = row + len(batch)
                ready = [arrow.Table.from_batches([batch])]
                # A batch that is handed out has no other holder.
                del batch
                yield Piece(
                    load=Loaded(ready.pop()), start=row, end=end, fraction=end / total
                )
                row = end

    def _load_groups(
        self, groups: list[int], columns: list[str] | None, categories: frozenset[str]
    ) -> Any:
        with self._open(categories) as file, explaining(self.name):
            return file.read_row_groups(groups, columns=columns)

    def _choose(self, columns: tuple[str, ...] | None) -> list[str] | None:
        """Return the columns to read: pandas' index belongs to every row."""
        if columns is None:
            return None
        return [*(columns or self.columns()[:1]), *_index_of(self._schema())]

    def _schema(self) -> Any:
        return self._metadata().schema.to_arrow_schema()

    def _metadata(self) -> Any:
        return _find_footer(self.path)

    @contextmanager
    def _open(self, categories: frozenset[str]) -> Iterator[Any]:
        parquet = import_library("pyarrow.parquet", self.name)
        # pyarrow's own default, to fetch ahead, ends with the whole file in memory,
        # and without a buffer a column of a row group is fetched whole.
        options: dict[str, Any] = {
            "pre_buffer": False,
            "buffer_size": _BUFFER_BYTES,
            "read_dictionary": sorted(categories) or None,
            **self.options,
        }
        with (
            explaining(self.name),
            opened(self.path) as where,
            parquet.ParquetFile(where, **options) as file,
        ):
            yield file

    def _group_sizes(self) -> list[int]:
        metadata = self._metadata()
        return [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]

    def _find_groups(self, row: int) -> tuple[int, list[int]]:
        """Return the first row of the row group of a row, and the groups from there."""
        sizes = self._group_sizes()
        first, before = 0, 0
        while first < len(sizes) and before + sizes[first] <= row:
            before += sizes[first]
            first += 1
        return before, list(range(first, len(sizes)))


def _index_of(schema: Any) -> list[str]:
    """Return the columns of a schema that are an index for pandas."""
    described = (schema.pandas_metadata or {}).get("index_columns", [])
    return [name for name in described if isinstance(name, str)]


def _find_footer(path: Path) -> Any:
    state = path.stat()
    return _read_footer(path, state.st_size, state.st_mtime_ns)


# Asked for at each step of a run, and far away where the file is behind a URL.
@lru_cache(maxsize=64)
def _read_footer(path: Path, _size: int, _changed: int) -> Any:
    parquet = import_library("pyarrow.parquet", path.name)
    with explaining(path.name), opened(path) as where:
        return parquet.read_metadata(where)


def _missing_somewhere(metadata: Any) -> set[str]:
    """Return the columns of which the footer tells that values are missing."""
    missing = set()
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for position in range(group.num_columns):
            column = group.column(position)
            statistics = column.statistics
            if statistics is not None and statistics.null_count:
                missing.add(column.path_in_schema)
    return missing


@contextmanager
def explaining(name: str) -> Iterator[None]:
    """Turn what pyarrow raises for a bad file into a sentence with its remedy."""
    arrow = import_library("pyarrow", name)
    try:
        yield
    except MemoryError:
        raise  # pyarrow's own is an ArrowException too, but says nothing of the file.
    except (arrow.ArrowException, OSError) as error:
        message = f"{name} is no whole Parquet file ({error}); write or fetch it again"
        raise SourceError(message) from error
