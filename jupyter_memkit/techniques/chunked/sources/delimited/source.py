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
from jupyter_memkit.techniques.chunked.sources.delimited import (
    by_arrow,
    by_pandas,
    by_polars,
)
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Layout
from jupyter_memkit.techniques.chunked.sources.delimited.cut import (
    count_rows,
    cut_lines,
    measure_row,
)
from jupyter_memkit.techniques.chunked.sources.delimited.explain import explaining
from jupyter_memkit.techniques.chunked.sources.delimited.hints import check_quotes
from jupyter_memkit.techniques.chunked.sources.delimited.layout import find_layout
from jupyter_memkit.techniques.chunked.sources.delimited.line_ends import LineEnds
from jupyter_memkit.techniques.chunked.sources.delimited.sample import HEAD_BYTES
from jupyter_memkit.techniques.chunked.sources.delimited.whole import (
    find_whole_layout,
    read_whole,
)
from jupyter_memkit.techniques.chunked.sources.files import FileSource
from jupyter_memkit.techniques.chunked.sources.samples import find_line_starts
from jupyter_memkit.techniques.chunked.sources.signatures import check_text_file
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file

_PARSES = {"arrow": by_arrow.parse, "polars": by_polars.parse}


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedSource(FileSource):
    """A CSV or TSV file, plain or compressed.

    Parameters
    ----------
    path : Path
        The file.
    separator : str
        The separator of values: one byte.
    is_given : bool
        Whether the user gave the separator.
    options : mapping
        Options of ``pandas.read_csv``; if there are any, pandas reads the file.
    """

    separator: str
    is_given: bool = False
    # Counting the lines would require reading the whole file.
    total_rows: None = None
    backend: str = FROM_FILES

    @property
    def row_bytes(self) -> float:
        """The average bytes per line in the head of the file."""
        if not self.options:
            return self._layout(None).row_bytes
        with explaining(self.path), open_bytes(self.path) as stream:
            return measure_row(stream.read(HEAD_BYTES), HEAD_BYTES)

    def columns(self) -> tuple[str, ...]:
        """Return the names in the first line, with duplicates renamed as in pandas."""
        return tuple(self._layout(None).names)

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types of the columns that have a value in a sample of the file.

        A column without any, as in a file without rows, must not decide the type in
        other files.
        """
        layout = self._layout(backend)
        return {
            name: kind
            for name, kind in layout.types.items()
            if name not in layout.empty
        }

    def find_starts(self, count: int) -> list[Any]:
        """Return the starts of some lines, where no quotes are near."""
        if self.options or not is_plain(self.path):
            return [None]
        layout = self._layout(None)
        if layout.has_index:
            return [None]
        starts = find_line_starts(self.path, layout.body_start, count, b'"')
        return [None, *starts]

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Cut the file into blocks of whole lines."""
        layout = self._layout(request.backend).choose(request)
        if self.options or layout.has_index:
            with explaining(self.path, self.separator):
                yield from read_whole(
                    self.path, self.separator, self.options, request, layout
                )
        elif request.exact or isinstance(request.start, list):
            start, skipped = request.start or (None, 0)
            within = dataclasses.replace(
                request, start=start, end=None, exact=False, portable=False
            )
            yield from cut_pieces(self._cut(layout, within), request, skipped)
        else:
            yield from self._cut(layout, request)

    def _cut(self, layout: Layout, request: Request) -> Generator[Piece, None, None]:
        with explaining(self.path, self.separator), open_bytes(self.path) as stream:
            size = self.path.stat().st_size if is_plain(self.path) else None
            start = layout.body_start if request.start is None else request.start
            stream.seek(start)
            row_bytes = layout.row_bytes
            if request.end is not None:
                block = memoryview(stream.read(request.end - start))
                yield self._piece(block, layout, start, size, request)
                return

            def wanted_bytes() -> int:
                wanted = int(request.rows() * row_bytes)
                # A buffer larger than the rest takes longer to clear than to fill.
                return wanted if size is None else min(wanted, size - start)

            # For polars a lone CR is an ordinary character, and a quote never is.
            is_polars = layout.backend == "polars"
            ends = LineEnds(
                self.separator, ends_at_cr=not is_polars, finds_letters=is_polars
            )
            for block in cut_lines(stream, wanted_bytes, ends, self.name):
                if is_polars:
                    check_quotes(ends, self.name)
                row_bytes = measure_row(block, row_bytes)
                if not _is_blank(block, layout.backend):
                    yield self._piece(block, layout, start, size, request)
                start += len(block)

    def _piece(
        self,
        block: memoryview,
        layout: Layout,
        start: int,
        size: int | None,
        request: Request,
    ) -> Piece:
        end, rows = start + len(block), None
        in_any_order = request.separate and size is not None
        parse = _PARSES.get(layout.backend, by_pandas.parse)
        load: Callable[[], Any] = partial(parse, block, layout, self.path, start)
        if in_any_order:
            load = partial(_load_range, layout, self.path, start, end)
        elif request.portable:
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
            is_separate=in_any_order,
        )

    def _layout(self, backend: str | None) -> Layout:
        """Inspect the file, once per backend."""
        backend = backend or "pandas"
        return self.find_once(backend, lambda: self._find_layout(backend))

    def _find_layout(self, backend: str) -> Layout:
        if "compression" not in self.options:
            check_text_file(self.path)
        with explaining(self.path, self.separator):
            if self.options:
                return find_whole_layout(self.path, self.separator, self.options)
            layout = find_layout(
                self.path, self.separator, backend, is_given=self.is_given
            )
            if not layout.has_index:
                return layout
            whole = find_whole_layout(self.path, self.separator, {})
            return dataclasses.replace(layout, index=whole.index)


def _is_blank(block: memoryview, backend: str) -> bool:
    """Return whether all lines are empty, which makes them rows only for polars."""
    if backend == "polars" or bytes(block[:2]).strip(b"\r\n"):
        return False
    return not bytes(block).strip(b"\r\n")


def _load_range(layout: Layout, path: Path, start: int, end: int) -> Any:
    """Read a block again, in another process, and parse it."""
    with explaining(path, layout.separator):
        block = read_range(path, start, end)
    return _PARSES.get(layout.backend, by_pandas.parse)(block, layout, path, start)
