"""Reads CSV and TSV files piece by piece."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Loaded,
    Piece,
    Request,
)
from jupyter_memkit.techniques.chunked.sources.compressed import (
    is_plain,
    open_bytes,
    read_range,
)
from jupyter_memkit.techniques.chunked.sources.cutting import cut_pieces
from jupyter_memkit.techniques.chunked.sources.delimited.cut import (
    count_rows,
    cut_lines,
    measure_row,
)
from jupyter_memkit.techniques.chunked.sources.delimited.explain import explaining
from jupyter_memkit.techniques.chunked.sources.delimited.layout import (
    Layout,
    find_layout,
)
from jupyter_memkit.techniques.chunked.sources.delimited.parse import parse_block
from jupyter_memkit.techniques.chunked.sources.files import (
    FileSource,
    import_library,
)
from jupyter_memkit.techniques.chunked.sources.looks import HEAD_BYTES
from jupyter_memkit.techniques.chunked.sources.reader import iterate_reader

SEPARATORS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedSource(FileSource):
    """A CSV or TSV file, plain or compressed.

    Parameters
    ----------
    path : Path
        The file.
    separator : str
        What is between two values.
    options : mapping
        Options of ``pandas.read_csv``; with any, pandas reads the file.
    """

    separator: str
    # Counting the lines would be to read the whole file.
    total_rows: None = None
    backend: str = FROM_FILES

    @property
    def row_bytes(self) -> float:
        """The bytes of a line, from the head of the file."""
        with explaining(self.path), open_bytes(self.path) as stream:
            head = stream.read(HEAD_BYTES)
        return len(head) / max(1, head.count(b"\n"))

    def columns(self) -> tuple[str, ...]:
        """Return the names in the first line, as pandas tells doubles apart."""
        if self.options:
            return tuple(self._read_sample(nrows=0).columns)
        return tuple(self._layout("pandas").names)

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types of the columns, from a sample of the whole file."""
        if self.options:
            return {}
        return self._layout(backend).types

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Cut the file into blocks of whole lines."""
        layout = self._layout(request.backend) if not self.options else None
        if layout is None or layout.has_index:
            yield from self._read_by_pandas(request)
            return
        layout = layout.choose(request)
        if request.exact or isinstance(request.start, list):
            start, skipped = request.start or (None, 0)
            asked = dataclasses.replace(
                request, start=start, end=None, exact=False, portable=False
            )
            yield from cut_pieces(self._cut(layout, asked), request, skipped)
        else:
            yield from self._cut(layout, request)

    def _cut(self, layout: Layout, request: Request) -> Generator[Piece, None, None]:
        with explaining(self.path), open_bytes(self.path) as stream:
            size = self.path.stat().st_size if is_plain(self.path) else None
            start = layout.body_start if request.start is None else request.start
            stream.seek(start)
            row_bytes = layout.row_bytes

            def wanted_bytes() -> int:
                if request.end is not None:
                    return int(request.end - start)
                return int(request.rows() * row_bytes)

            for block in cut_lines(stream, wanted_bytes):
                end = start + len(block)
                row_bytes = measure_row(block, row_bytes)
                yield self._piece(block, layout, start, size, request)
                start = end
                if start == request.end:
                    break

    def _piece(
        self,
        block: memoryview,
        layout: Layout,
        start: int,
        size: int | None,
        request: Request,
    ) -> Piece:
        end, rows = start + len(block), None
        load: Callable[[], Any] = partial(parse_block, block, layout, self.path, start)
        if request.portable:
            rows = count_rows(block)
            if size is not None and rows is not None:
                load = partial(_load_range, layout, self.path, start, end)
            else:
                table = load()
                load, rows = Loaded(table), len(table)
        return Piece(
            load=load,
            start=start,
            end=end,
            rows=rows,
            fraction=end / size if size else None,
        )

    def _layout(self, backend: str | None) -> Layout:
        with explaining(self.path):
            return find_layout(self.path, self.separator, backend or "pandas")

    def _read_sample(self, **options: Any) -> Any:
        pandas = import_library("pandas", self.name)
        with explaining(self.path):
            return pandas.read_csv(
                self.path, **{"sep": self.separator, **self.options, **options}
            )

    def _read_by_pandas(self, request: Request) -> Generator[Piece, None, None]:
        options: dict[str, Any] = {"sep": self.separator, **self.options}
        if request.columns is not None and "usecols" not in options:
            options["usecols"] = list(request.columns) or [self.columns()[0]]
        pandas = import_library("pandas", self.name)
        with (
            explaining(self.path),
            pandas.read_csv(self.path, **options, iterator=True) as reader,
        ):
            yield from iterate_reader(reader, request)


def _load_range(layout: Layout, path: Path, start: int, end: int) -> Any:
    """Read a block again, in another process, and parse it."""
    with explaining(path):
        block = read_range(path, start, end)
    return parse_block(block, layout, path, start)
