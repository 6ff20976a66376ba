"""Parquet files, whose footers tell the rows, the columns and the types."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Loaded,
    Piece,
    Request,
)
from jupyter_memkit.techniques.chunked.sources.dtypes import types_of_missing
from jupyter_memkit.techniques.chunked.sources.files import (
    file_fingerprint,
    import_library,
)
from jupyter_memkit.techniques.chunked.sources.remote import opened

SUFFIXES = frozenset({".parquet", ".pq"})

_BUFFER_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetSource:
    """A Parquet file, its rows in order.

    Parameters
    ----------
    path : Path
        The file.
    partition : mapping of str to object
        Columns of one value each, which the file's folder has in its name.
    options : mapping
        Options of ``pyarrow.parquet.ParquetFile``.
    """

    path: Path
    partition: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    backend: str = FROM_FILES

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

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
        names = self._metadata().schema.to_arrow_schema().names
        return (*(name for name in names if name not in self._index()), *self.partition)

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types that pandas gives where values are missing."""
        if backend not in {"pandas", "numpy"}:
            return {}
        metadata = self._metadata()
        schema = metadata.schema.to_arrow_schema()
        # Also told are the parts of nested columns.
        missing = _missing_somewhere(metadata).intersection(schema.names)
        return types_of_missing(schema, missing)

    def fingerprint(self) -> Any:
        """Return the file's size and time of change."""
        return file_fingerprint(self.path)

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read the file from its start, or from a row."""
        columns = self._choose(request.columns)
        if request.portable:
            yield from self._groups(request, columns)
            return
        total = self.total_rows
        with self._open(request.categories) as file:
            start, groups, skipping = self._find_start(file, request.start or 0)
            batches = _iterate(file, request, columns, groups)
            for batch in _skip(batches, skipping):
                # The batch leaves the list as it is handed out.
                rows = len(batch[0])
                yield Piece(
                    load=partial(self._finish, batch),
                    start=start,
                    end=start + rows,
                    rows=rows,
                    fraction=(start + rows) / total,
                )
                start += rows
                if start == request.end:
                    break

    def _groups(
        self, request: Request, columns: list[str] | None
    ) -> Generator[Piece, None, None]:
        """Read whole row groups, each by itself."""
        metadata = self._metadata()
        sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        start, first, total = 0, 0, metadata.num_rows
        while first < len(sizes):
            last, rows, wanted = first, 0, request.rows()
            while last < len(sizes) and (not rows or rows + sizes[last] <= wanted):
                rows += sizes[last]
                last += 1
            if start >= (request.start or 0):
                yield from self._split(
                    range(first, last), columns, request, (start, rows, total), wanted
                )
            start += rows
            first = last

    def _split(
        self,
        groups: range,
        columns: list[str] | None,
        request: Request,
        place: tuple[int, int, int],
        wanted: int,
    ) -> Generator[Piece, None, None]:
        """Give row groups as one piece, or a large one in pieces that are sent."""
        start, rows, total = place
        if rows <= wanted * 2:
            load = partial(self._load_groups, groups, columns, request.categories)
            end = start + rows
            yield Piece(
                load=load, start=start, end=end, rows=rows, fraction=end / total
            )
            return
        with self._open(request.categories) as file:
            for batch in _iterate(file, request, columns, list(groups)):
                end = start + len(batch[0])
                yield Piece(
                    load=Loaded(self._finish(batch)),
                    start=start,
                    end=end,
                    rows=end - start,
                    fraction=end / total,
                )
                start = end

    def _load_groups(
        self, groups: range, columns: list[str] | None, categories: frozenset[str]
    ) -> Any:
        with self._open(categories) as file, explaining(self.name):
            table = file.read_row_groups(list(groups), columns=columns)
        return self._finish([table])

    def _finish(self, batch: list[Any]) -> Any:
        """Add what the folder's name tells."""
        rows = batch.pop()
        if not self.partition:
            return rows
        arrow = import_library("pyarrow", self.name)
        table = arrow.table(rows) if not hasattr(rows, "append_column") else rows
        for name, value in self.partition.items():
            table = table.append_column(name, arrow.repeat(value, len(table)))
        return table

    def _choose(self, columns: tuple[str, ...] | None) -> list[str] | None:
        """Return the columns to read: pandas' index belongs to every row."""
        if columns is None:
            return None
        chosen = [name for name in columns if name not in self.partition]
        if not chosen and not self.partition:
            chosen = list(self.columns()[:1])
        return [*chosen, *self._index()]

    def _index(self) -> list[str]:
        described = (
            self._metadata().schema.to_arrow_schema().pandas_metadata or {}
        ).get("index_columns", [])
        return [name for name in described if isinstance(name, str)]

    def _metadata(self) -> Any:
        parquet = import_library("pyarrow.parquet", self.name)
        with explaining(self.name), opened(self.path) as where:
            return parquet.read_metadata(where)

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

    @staticmethod
    def _find_start(file: Any, row: int) -> tuple[int, list[int], int]:
        """Return the row to go on from, the row groups from there, what to skip."""
        first, before = 0, 0
        while first < file.num_row_groups:
            rows = file.metadata.row_group(first).num_rows
            if before + rows > row:
                break
            before += rows
            first += 1
        return row, list(range(first, file.num_row_groups)), row - before


def _iterate(
    file: Any, request: Request, columns: list[str] | None, groups: list[int]
) -> Iterator[list[Any]]:
    """Read batches, whose size may change between two of them."""
    arrow = import_library("pyarrow", "Parquet")
    skipping = 0
    while groups:
        wanted = request.rows()
        batches = file.iter_batches(
            batch_size=wanted, row_groups=groups, columns=columns, use_threads=False
        )
        done = 0
        for batch in _skip(([b] for b in batches), skipping):
            rows = len(batch[0])
            if not rows:
                continue
            done += rows
            yield [arrow.Table.from_batches([batch.pop()])]
            # Another size means another iterator, so a small change is let be.
            now = request.rows()
            if not wanted * 0.8 <= now <= wanted * 1.5:
                break
        else:
            return
        skipping += done
        while groups and skipping >= (
            rows := file.metadata.row_group(groups[0]).num_rows
        ):
            skipping -= rows
            groups = groups[1:]


def _skip(batches: Iterator[list[Any]], rows: int) -> Iterator[list[Any]]:
    """Leave out the first rows."""
    for batch in batches:
        if rows >= len(batch[0]):
            rows -= len(batch[0])
            continue
        if rows:
            batch[0] = batch[0].slice(rows)
            rows = 0
        yield batch


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
