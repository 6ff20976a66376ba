"""An array stored in a file, whose rows are mapped into memory.

Each chunk maps only its own rows, and the mapping ends with them: the pages of a
mapping of the whole file would all count as memory of the process.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArray:
    """An array in a file, which is not read yet.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        The name of the array in messages.
    dtype : numpy.dtype
        The type of its elements.
    shape : tuple of int
        Its shape.
    offset : int
        Its position in the file, in bytes.
    by_columns : bool
        Whether its first axis changes fastest, as in Fortran.
    """

    path: Path
    name: str
    dtype: Any
    shape: tuple[int, ...]
    offset: int
    by_columns: bool = False

    @property
    def row_bytes(self) -> int:
        """The bytes of a row."""
        bytes_: int = self.dtype.itemsize * math.prod(self.shape[1:])
        return bytes_

    def check(self) -> None:
        """Reject arrays without rows, and truncated ones.

        Raises
        ------
        SourceError
            If the array cannot be read; the message says what to do.
        """
        self.check_kind()
        size = self.path.stat().st_size
        needed = self.offset + self.row_bytes * self.shape[0]
        if size < needed:
            message = (
                f"{self.name} is truncated after {size:,} of {needed:,} bytes; "
                "write or download it again"
            )
            raise SourceError(message)

    def check_kind(self) -> None:
        """Reject arrays without rows, or with rows that cannot be read separately."""
        if self.dtype.hasobject:
            message = (
                f"{self.name} holds Python objects, which cannot be read in parts; "
                "save it with a dtype of numbers or text"
            )
            raise SourceError(message)
        if not self.shape:
            message = f"{self.name} is a single value without rows; use an array"
            raise SourceError(message)

    def read(self, start: int, stop: int, fields: tuple[str, ...] | None = None) -> Any:
        """Return some rows. Changes to them do not reach the file.

        Parameters
        ----------
        start, stop : int
            The first row, and the one after the last.
        fields : tuple of str, optional
            The only fields that are needed, if the array has fields.
        """
        numpy = import_library("numpy", self.name)
        self.check()
        if not self.row_bytes:
            rows = numpy.empty((stop - start, *self.shape[1:]), self.dtype)
        elif self.by_columns and len(self.shape) > 1:
            # Its rows are all over the file; only a copy of them is kept.
            whole = self._map(numpy, self.shape, self.offset, "F")
            rows = whole[start:stop].copy(order="C")
        else:
            shape = (stop - start, *self.shape[1:])
            offset = self.offset + start * self.row_bytes
            rows = self._map(numpy, shape, offset, "C")
        return choose_fields(rows.view(numpy.ndarray), fields)

    def _map(self, numpy: Any, shape: tuple[int, ...], offset: int, order: str) -> Any:
        return numpy.memmap(
            self.path, self.dtype, "c", offset=offset, shape=shape, order=order
        )


def read_header(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, Any]:
    """Return shape, order and type from the header of an array that numpy saved.

    Raises
    ------
    SourceError
        If this is not such an array.
    """
    form = import_library("numpy.lib.format", name)
    readers = {
        (1, 0): form.read_array_header_1_0,
        (2, 0): form.read_array_header_2_0,
    }
    try:
        version = form.read_magic(stream)
        header: tuple[tuple[int, ...], bool, Any] = readers[version](stream)
    except KeyError as error:
        message = (
            f"{name} has the format version {error}, which is not supported; save it "
            "again with field names in plain letters"
        )
        raise SourceError(message) from error
    except (ValueError, EOFError) as error:
        message = f"{name} is not a numpy array ({error}); write or download it again"
        raise SourceError(message) from error
    return header


def choose_fields(rows: Any, fields: tuple[str, ...] | None) -> Any:
    """Return an array with some of its fields, if it has fields."""
    return rows if fields is None or not rows.dtype.names else rows[list(fields)]
