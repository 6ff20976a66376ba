"""Tables that pandas stored in HDF5 files, as frames."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.columns import list_names
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request
from jupyter_memkit.techniques.chunked.sources.files import file_fingerprint
from jupyter_memkit.techniques.chunked.sources.ranges import range_pieces
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file


def is_stored_by_pandas(group: Any) -> bool:
    """Return whether an h5py group is a pandas frame or series."""
    return "pandas_type" in group.attrs


@dataclass(frozen=True, slots=True, kw_only=True)
class HdfStoreSource:
    """A frame or a series that ``to_hdf`` wrote, in either format.

    Parameters
    ----------
    path : Path
        The file.
    key : str
        Its name in the file.
    """

    path: Path
    key: str
    row_bytes: None = None
    # Not read ahead: PyTables must not be used by two threads.
    backend: str = "pandas"

    @property
    def name(self) -> str:
        """The name of the file and the key."""
        return f"{self.path.name}/{self.key}"

    @property
    def total_rows(self) -> int:
        """The number of rows, which is stored in the file."""
        with self._open() as store:
            storer = store.get_storer(self.key)
            if storer.is_table:
                return int(storer.nrows)
            # The fixed format has no number of rows, but an index.
            is_frame = str(storer.pandas_type).startswith("frame")
            index = "axis1" if is_frame else "index"
            if index not in storer.group:  # One of several levels.
                index = f"{index}_label0"
            return int(storer.group[index].nrows)

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of the columns; a series has none."""
        names = list_names(self._read(None, 0, 0))
        return None if names is None else tuple(map(str, names))

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: the stored ones are the same for all rows."""
        return {}

    def fingerprint(self) -> Any:
        """Return the size and modification time of the file, and the key."""
        return [file_fingerprint(self.path), self.key]

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read ranges of rows."""
        load = partial(self._read, request.columns or None)
        yield from range_pieces(request, self.total_rows, load)

    def _read(self, columns: tuple[str, ...] | None, start: int, stop: int) -> Any:
        with self._open() as store:
            if columns is None:
                return store.select(self.key, start=start, stop=stop)
            if store.get_storer(self.key).is_table:
                return store.select(
                    self.key, start=start, stop=stop, columns=list(columns)
                )
            return store.select(self.key, start=start, stop=stop)[list(columns)]

    @contextmanager
    def _open(self) -> Iterator[Any]:
        pandas = import_library("pandas", self.name)
        import_library("tables", f"the pandas table in {self.path.name}")
        try:
            with pandas.HDFStore(self.path, "r") as store:
                yield store
        except (OSError, KeyError, RuntimeError) as error:
            message = (
                f"{self.name} cannot be read ({error}); write or download it again"
            )
            raise SourceError(message) from error
