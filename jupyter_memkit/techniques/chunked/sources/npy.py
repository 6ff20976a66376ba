"""Arrays that numpy saved, mapped some rows at a time."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_memkit.techniques.chunked.sources.array_file import ArrayFileSource
from jupyter_memkit.techniques.chunked.sources.ranges import check_options
from jupyter_memkit.techniques.chunked.sources.stored_array import (
    StoredArray,
    read_header,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NpySource(ArrayFileSource):
    """An array in a ``.npy`` file.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        No options are supported.
    """

    def find_array(self) -> StoredArray:
        """Return the array, from the header of the file."""
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
