"""Arrow files and streams, including Feather: mapped, not read.

Each chunk maps the file for itself, and the mapping ends with its rows: the pages of a
lasting mapping would all count as memory of the process.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.arrow_messages import read_contents
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Loaded,
    Piece,
    Request,
)
from jupyter_memkit.techniques.chunked.sources.dtypes import name_types
from jupyter_memkit.techniques.chunked.sources.files import FileSource
from jupyter_memkit.techniques.chunked.sources.pandas_notes import find_index_names
from jupyter_memkit.techniques.chunked.sources.ranges import check_options
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrowSource(FileSource):
    """The rows of an Arrow file or stream, in order.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        No options are supported.
    """

    backend: str = FROM_FILES
    # In files of text, values of several types become text.
    stores_types: bool = True

    @property
    def total_rows(self) -> int:
        """The number of rows, from the headers of the batches."""
        return self._index().starts[-1]

    @property
    def row_bytes(self) -> float:
        """The bytes of a row in the file."""
        return self.path.stat().st_size / max(1, self.total_rows)

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns, without those of a pandas index."""
        schema = self._index().schema
        labels = set(find_index_names(schema))
        return tuple(name for name in schema.names if name not in labels)

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types of the columns, with missing values."""
        index = self._index()
        return name_types(index.schema, index.missing, backend)

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Cut the file into ranges of rows; compressed files at the ends of batches."""
        check_options(self.name, self.options)
        index = self._index()
        rows = _Rows(
            path=self.path,
            columns=self._choose(index.schema, request.columns),
            categories=tuple(sorted(request.categories)),
        )
        start, total = request.start or 0, index.starts[-1]
        held: dict[int, Any] = {}
        while start < (total if request.end is None else request.end):
            stop = request.end or _find_stop(index, request, start, total)
            # A compressed batch that is larger than a piece is decompressed once, and
            # its parts are handed out; all other rows are read when a piece is loaded.
            in_part = index.is_compressed and not (
                index.is_boundary(start) and index.is_boundary(stop)
            )
            yield Piece(
                load=Loaded(rows.read(start, stop, held))
                if in_part
                else partial(rows.read, start, stop),
                start=start,
                end=stop,
                rows=stop - start,
                fraction=stop / total,
                is_separate=not in_part,
            )
            start = stop

    def _choose(self, schema: Any, columns: tuple[str, ...] | None) -> list[int] | None:
        """Return the numbers of the columns to read, including those of the index."""
        if columns is None:
            return None
        # Rows without any column could not be counted.
        chosen = {*(columns or self.columns()[:1]), *find_index_names(schema)}
        return [number for number, name in enumerate(schema.names) if name in chosen]

    def _index(self) -> _Index:
        return _find_index(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """The positions of the rows in a file.

    Attributes
    ----------
    schema : pyarrow.Schema
        The columns.
    starts : list of int
        The first row of each batch, and the number of all rows.
    offsets : list of int
        The position of each batch in the file, in bytes.
    missing : frozenset of str
        The columns with missing values.
    is_compressed : bool
        Whether any batch is compressed.
    is_stream : bool
        Whether the batches can be found only one after the other.
    """

    schema: Any
    starts: list[int]
    offsets: list[int]
    missing: frozenset[str]
    is_compressed: bool
    is_stream: bool

    def is_boundary(self, row: int) -> bool:
        """Return whether a row is the first of a batch, or comes after the last."""
        return self.starts[bisect_right(self.starts, row) - 1] == row


def _find_stop(index: _Index, request: Request, start: int, total: int) -> int:
    """Return the row at which the next piece ends."""
    stop = min(start + request.rows(), total)
    if request.exact or not index.is_compressed:
        return stop
    number = bisect_right(index.starts, stop) - 1
    if request.separate and index.starts[number] <= start < stop:
        number += 1
    return index.starts[number] if index.starts[number] > start else stop


def _find_index(path: Path) -> _Index:
    state = path.stat()
    return _read_index(path, state.st_size, state.st_mtime_ns)


# Cached, because each step of a run needs it.
@lru_cache(maxsize=1024)
def _read_index(path: Path, _size: int, _changed: int) -> _Index:
    contents = read_contents(path)
    with _open(path, is_stream=contents.is_stream) as (reader, _):
        schema = reader.schema
    batches = contents.batches
    nulls = [sum(counts) for counts in zip(*(b.nulls for b in batches), strict=True)]
    missing, node = set(), 0
    for column in schema:
        if node < len(nulls) and nulls[node]:
            missing.add(column.name)
        node += _count_nodes(column.type)
    return _Index(
        schema=schema,
        starts=[0, *accumulate(batch.rows for batch in batches)],
        offsets=[batch.offset for batch in batches],
        missing=frozenset(missing),
        is_compressed=any(batch.is_compressed for batch in batches),
        is_stream=contents.is_stream,
    )


def _count_nodes(kind: Any) -> int:
    """Return the number of columns in a type: itself and those nested in it."""
    kind = getattr(kind, "storage_type", kind)
    inner = (kind.field(number).type for number in range(kind.num_fields))
    return 1 + sum(map(_count_nodes, inner))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Reads rows of a file, in this process or another."""

    path: Path
    columns: list[int] | None
    categories: tuple[str, ...]

    def read(self, start: int, stop: int, held: dict[int, Any] | None = None) -> Any:
        """Return rows as a table.

        Parameters
        ----------
        start, stop : int
            The first row, and the one after the last.
        held : dict, optional
            The batch of which the previous call returned a part, by its number; this
            call leaves its own there.
        """
        arrow = import_library("pyarrow", self.path.name)
        index = _find_index(self.path)
        if stop > index.starts[-1]:
            message = f"{self.path.name} became shorter while it was read; run it again"
            raise SourceError(message)
        held = {} if held is None else held
        parts = []
        number = bisect_right(index.starts, start) - 1
        with _open(
            self.path, is_stream=index.is_stream, columns=self.columns
        ) as opened:
            place = 0
            while start < stop:
                first, end = index.starts[number], index.starts[number + 1]
                batch = held.pop(number, None)
                if batch is None:
                    batch = _read_batch(opened, index, number, place)
                    place = number + 1
                upto = min(stop, end)
                parts.append(batch.slice(start - first, upto - start))
                if upto < end:
                    held[number] = batch
                start = upto
                number += 1
        table = arrow.Table.from_batches(parts)
        for name in self.categories:
            if name in table.column_names:
                column = table[name].dictionary_encode()
                table = table.set_column(table.column_names.index(name), name, column)
        return table


def _read_batch(opened: Any, index: _Index, number: int, place: int) -> Any:
    """Read a batch; a stream is at the batch with the number `place`."""
    reader, file = opened
    if not index.is_stream:
        return reader.get_batch(number)
    if any(map(_has_dictionary, index.schema.types)):
        # The values of the categories may change between two batches.
        for _ in range(number - place):
            reader.read_next_batch()
    else:
        file.seek(index.offsets[number])
    return reader.read_next_batch()


def _has_dictionary(kind: Any) -> bool:
    arrow = import_library("pyarrow", "Arrow")
    kind = getattr(kind, "storage_type", kind)
    return arrow.types.is_dictionary(kind) or any(
        _has_dictionary(kind.field(number).type) for number in range(kind.num_fields)
    )


@contextmanager
def _open(
    path: Path, *, is_stream: bool, columns: list[int] | None = None
) -> Iterator[tuple[Any, Any]]:
    """Open a file, and return its reader and the mapping."""
    arrow = import_library("pyarrow", path.name)
    ipc = import_library("pyarrow.ipc", path.name)
    options = ipc.IpcReadOptions(included_fields=columns or [])
    open_reader = ipc.open_stream if is_stream else ipc.open_file
    try:
        with (
            arrow.memory_map(str(path)) as file,
            open_reader(file, options=options) as reader,
        ):
            yield reader, file
    except (FileNotFoundError, MemoryError):
        raise  # Not about what is in the file.
    except (arrow.ArrowException, OSError) as error:
        message = (
            f"{path.name} is not a complete Arrow file ({error}); write or download it "
            "again"
        )
        raise SourceError(message) from error
