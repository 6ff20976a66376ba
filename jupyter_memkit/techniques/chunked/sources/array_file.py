"""Files that hold one array, mapped some rows at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial

from jupyter_memkit.techniques.chunked.sources.base import Piece, Request
from jupyter_memkit.techniques.chunked.sources.files import FileSource
from jupyter_memkit.techniques.chunked.sources.ranges import range_pieces
from jupyter_memkit.techniques.chunked.sources.stored_array import StoredArray
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayFileSource(FileSource, ABC):
    """A file with one array.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        The options of the format.
    """

    backend: None = None

    @property
    def total_rows(self) -> int:
        """The length of the first axis."""
        return self.find_array().shape[0]

    @property
    def row_bytes(self) -> int:
        """The bytes of a row."""
        return self.find_array().row_bytes

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of the fields of an array of records."""
        names: tuple[str, ...] | None = self.find_array().dtype.names
        return names

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Map the file some rows at a time."""
        array = self.find_array()
        load = partial(array.read, fields=request.columns or None)
        yield from range_pieces(request, array.shape[0], load)

    @abstractmethod
    def find_array(self) -> StoredArray:
        """Return the array, from the header of the file or the options.

        Raises
        ------
        SourceError
            If there is none that can be read.
        """
