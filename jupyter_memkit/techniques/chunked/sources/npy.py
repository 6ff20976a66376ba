"""Arrays that numpy saved, mapped some rows at a time."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.techniques.chunked.sources.base import Piece, Request
from jupyter_memkit.techniques.chunked.sources.files import FileSource
from jupyter_memkit.techniques.chunked.sources.ranges import (
    check_options,
    range_pieces,
)
from jupyter_memkit.techniques.chunked.sources.stored_array import (
    StoredArray,
    read_header,
)
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file


@dataclass(frozen=True, slots=True, kw_only=True)
class NpySource(FileSource):
    """An array in a ``.npy`` file.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        No options are supported.
    """

    backend: None = None

    @property
    def total_rows(self) -> int:
        """The length of the first axis."""
        return self._stored().shape[0]

    @property
    def row_bytes(self) -> int:
        """The bytes of a row."""
        return self._stored().row_bytes

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of the fields of an array of records."""
        names: tuple[str, ...] | None = self._stored().dtype.names
        return names

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Map the file some rows at a time."""
        stored = self._stored()
        load = partial(_read_stored, stored, request.columns or None)
        yield from range_pieces(request, stored.shape[0], load)

    def _stored(self) -> StoredArray:
        check_options(self.name, self.options)
        with self.path.open("rb") as stream:
            shape, by_columns, dtype = read_header(stream, self.name)
            stored = StoredArray(
                path=self.path,
                name=self.name,
                dtype=dtype,
                shape=shape,
                offset=stream.tell(),
                by_columns=by_columns,
            )
        stored.check()
        return stored


def _read_stored(
    stored: StoredArray, fields: tuple[str, ...] | None, start: int, stop: int
) -> Any:
    return stored.read(start, stop, fields)
