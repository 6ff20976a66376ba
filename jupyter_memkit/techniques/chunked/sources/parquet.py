"""Parquet files, whose footers give the rows, the columns and the types.

pyarrow's pre-buffering is off, because it ends with the whole file in memory. Rows are
read in batches of 262,144, from which chunks of any size are put together: another size
would need another reader, which would read the beginning of a row group twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Loaded,
    Piece,
    Request,
    spread,
)
from jupyter_memkit.techniques.chunked.sources.cutting import cut_pieces
from jupyter_memkit.techniques.chunked.sources.dtypes import name_types
from jupyter_memkit.techniques.chunked.sources.files import FileSource
from jupyter_memkit.techniques.chunked.sources.parquet_footer import (
    Footer,
    read_footer,
)
from jupyter_memkit.techniques.chunked.sources.reader_options import (
    explaining_options,
)
from jupyter_memkit.techniques.chunked.sources.remote import opened
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file

_BUFFER_BYTES = 65_536

# Large enough that the cost per batch is negligible, and small for a budget.
_BATCH_ROWS = 262_144
_BATCH_CHUNKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetSource(FileSource):
    """A Parquet file, read in the order of its rows.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        Options of ``pyarrow.parquet.ParquetFile``.
    """

    backend: str = FROM_FILES
    # In files of text, values of several types become text.
    stores_types: bool = True

    @property
    def total_rows(self) -> int:
        """The number of rows, from the footer of the file."""
        return self._footer().starts[-1]

    @property
    def row_bytes(self) -> float:
        """The encoded bytes of a row, which decode to more."""
        return self.row_bytes_of(None)

    def row_bytes_of(self, columns: tuple[str, ...] | None) -> float:
        """Return the encoded bytes of a row in some columns; None is all."""
        return self._footer().measure_row(columns)

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns, without those that are an index."""
        return self._footer().columns

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types of the columns, with missing values."""
        footer = self._footer()
        return name_types(footer.schema, footer.missing, backend)

    def find_starts(self, count: int) -> list[Any]:
        """Return the first rows of some row groups."""
        starts = self._footer().starts
        places = [starts[number] for number in spread(len(starts) - 1, count)]
        return [[place, 0] if place else None for place in places]

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read the file from its start, or from a row."""
        columns = self._choose(request.columns)
        if request.portable or request.separate:
            yield from self._groups(request, columns)
            return
        row = sum(request.start or (0, 0))
        first, groups = self._footer().find_groups(row)
        batches = self.read_batches(request, columns, groups, first)
        yield from cut_pieces(batches, request, row - first)

    def _groups(
        self, request: Request, columns: list[str] | None
    ) -> Generator[Piece, None, None]:
        """Yield whole row groups, which are read where they are loaded.

        For other processes large ones are cut into parts, which are read here and sent.
        """
        starts = self._footer().starts
        sizes = [end - start for start, end in itertools.pairwise(starts)]
        start, first, total = 0, 0, starts[-1]
        while first < len(sizes):
            last, rows, wanted = first, 0, request.rows()
            while last < len(sizes) and (not rows or rows + sizes[last] <= wanted):
                rows += sizes[last]
                last += 1
            groups, end = list(range(first, last)), start + rows
            if rows > wanted * 2 and not request.separate:
                batches = self.read_batches(request, columns, groups, start)
                yield from cut_pieces(batches, request)
            else:
                yield Piece(
                    load=_Groups(
                        source=self,
                        groups=groups,
                        columns=columns,
                        first_row=start,
                        backend=request.backend,
                        categories=request.categories,
                    ),
                    start=[start, 0],
                    end=[end, 0],
                    rows=rows,
                    fraction=end / total,
                    is_separate=request.separate,
                )
            start, first = end, last

    def read_groups(
        self, groups: list[int], columns: list[str] | None, categories: frozenset[str]
    ) -> Any:
        """Return whole row groups as one table."""
        with self._open(categories) as file, explaining(self.name):
            return file.read_row_groups(groups, columns=columns)

    def read_batches(
        self, request: Request, columns: list[str] | None, groups: list[int], row: int
    ) -> Generator[Piece, None, None]:
        """Read row groups in batches, from which chunks of any size are made."""
        arrow = import_library("pyarrow", self.name)
        total = self.total_rows
        footer = self._footer()
        is_pandas = request.backend == "pandas"
        metadata = footer.describe(columns) if is_pandas else footer.schema.metadata
        with self._open(request.categories) as file:
            for batch in file.iter_batches(
                batch_size=self._choose_batch(request),
                row_groups=groups,
                columns=columns,
                use_threads=False,
            ):
                end = row + len(batch)
                table = arrow.Table.from_batches([batch])
                ready = [table.replace_schema_metadata(metadata)]
                # Nothing else may hold a batch that is handed out.
                del batch, table
                yield Piece(
                    load=Loaded(ready.pop()), start=row, end=end, fraction=end / total
                )
                row = end

    def _choose_batch(self, request: Request) -> int:
        """Return the rows of a batch: more than the first requests, which are small.

        Each batch of a wide table takes time per column.
        """
        rows = request.rows()
        if not request.exact:
            rows *= min(rows, _BATCH_CHUNKS)
        return min(rows, _BATCH_ROWS)

    def _choose(self, columns: tuple[str, ...] | None) -> list[str] | None:
        """Return the columns to read, which include pandas' index."""
        if columns is None:
            return None
        footer = self._footer()
        return [*(columns or footer.columns[:1]), *footer.index_names]

    def _footer(self) -> Footer:
        with explaining(self.name):
            return self.find_once("footer", lambda: read_footer(self.path))

    @contextmanager
    def _open(self, categories: frozenset[str]) -> Iterator[Any]:
        parquet = import_library("pyarrow.parquet", self.name)
        # pyarrow's default is to fetch ahead, which ends with the whole file in memory;
        # without a buffer it fetches a whole column of a row group.
        options: dict[str, Any] = {
            "metadata": self._footer().metadata,
            "pre_buffer": False,
            "buffer_size": _BUFFER_BYTES,
            "read_dictionary": sorted(categories) or None,
            **self.options,
        }
        with explaining(self.name), opened(self.path) as where:
            with explaining_options(self.name, self.options):
                opening = parquet.ParquetFile(where, **options)
            with opening as file:
                yield file


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    """Loads row groups, in this process or another: all at once or in parts."""

    source: ParquetSource
    groups: list[int]
    columns: list[str] | None
    first_row: int
    backend: str | None
    categories: frozenset[str]

    def __call__(self) -> Any:
        return self.source.read_groups(self.groups, self.columns, self.categories)

    def parts(self, rows: int) -> Iterator[Any]:
        request = Request(
            rows=partial(int, rows), backend=self.backend, categories=self.categories
        )
        batches = self.source.read_batches(
            request, self.columns, self.groups, self.first_row
        )
        with closing(cut_pieces(batches, request)) as pieces:
            for piece in pieces:
                yield piece.load()


@contextmanager
def explaining(name: str) -> Iterator[None]:
    """Turn pyarrow's exceptions for a bad file into one sentence with its remedy."""
    arrow = import_library("pyarrow", name)
    try:
        yield
    except (FileNotFoundError, MemoryError):
        raise  # Not about what is in the file.
    except (arrow.ArrowException, OSError) as error:
        message = (
            f"{name} is not a complete Parquet file ({error}); write or download it "
            "again"
        )
        raise SourceError(message) from error
