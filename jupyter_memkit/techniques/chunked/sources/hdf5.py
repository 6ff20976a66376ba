"""Datasets in HDF5 files, as the arrays that h5py returns."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request, Source
from jupyter_memkit.techniques.chunked.sources.files import file_fingerprint
from jupyter_memkit.techniques.chunked.sources.hdf_store import (
    HdfStoreSource,
    is_stored_by_pandas,
)
from jupyter_memkit.techniques.chunked.sources.ranges import (
    check_options,
    choose_key,
    range_pieces,
)
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file


def open_hdf5(path: Path, options: Mapping[str, Any]) -> Source:
    """Return the source of a dataset, or of a table that pandas stored.

    Parameters
    ----------
    path : Path
        The file, whose keys are read.
    options : mapping
        ``key``, the name of the dataset or table, if there are several.

    Raises
    ------
    SourceError
        If this is not an HDF5 file, or it is not clear which of its keys is meant.
    """
    check_options(path.name, options, "key")
    with _open(path) as file:
        datasets, tables = _list_keys(file)
    key = choose_key(path.name, options.get("key"), [*datasets, *tables], "dataset")
    if key in tables:
        return HdfStoreSource(path=path, key=key)
    return Hdf5Source(path=path, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hdf5Source:
    """A dataset in an HDF5 file.

    Parameters
    ----------
    path : Path
        The file.
    key : str
        The name of the dataset.
    """

    path: Path
    key: str
    backend: None = None

    @property
    def name(self) -> str:
        """The name of the file and the dataset."""
        return f"{self.path.name}/{self.key}"

    @property
    def total_rows(self) -> int:
        """The length of the first axis."""
        with self._dataset() as dataset:
            return int(dataset.shape[0])

    @property
    def row_bytes(self) -> float:
        """The bytes of a row."""
        with self._dataset() as dataset:
            return float(dataset.nbytes / max(1, dataset.shape[0]))

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of the fields of a dataset of records."""
        with self._dataset() as dataset:
            names: tuple[str, ...] | None = dataset.dtype.names
            return names

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: all rows have the same type."""
        return {}

    def fingerprint(self) -> Any:
        """Return the size and modification time of the file, and the dataset's name."""
        return [file_fingerprint(self.path), self.key]

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read ranges of rows, of complete stored chunks if they fit."""
        with self._dataset() as dataset:
            total = int(dataset.shape[0])
            stored_rows = dataset.chunks[0] if dataset.chunks else 1
        load = partial(self._read, request.columns or None)
        yield from range_pieces(request, total, load, stored_rows=stored_rows)

    def _read(self, fields: tuple[str, ...] | None, start: int, stop: int) -> Any:
        with self._dataset() as dataset:
            if fields is not None and dataset.dtype.names:
                return dataset.fields(list(fields))[start:stop]
            return dataset[start:stop]

    @contextmanager
    def _dataset(self) -> Iterator[Any]:
        with _open(self.path) as file:
            dataset = file[self.key]
            if not dataset.shape:
                message = f"{self.name} is a single value without rows; use an array"
                raise SourceError(message)
            yield dataset


def _list_keys(file: Any) -> tuple[list[str], list[str]]:
    """Return the names of the datasets, and of the tables that pandas stored."""
    h5py = import_library("h5py", file.filename)
    datasets: list[str] = []
    tables: list[str] = []

    def visit(name: str, thing: Any) -> None:
        if any(name.startswith(f"{table}/") for table in tables):
            return  # A part of the table.
        if isinstance(thing, h5py.Dataset):
            datasets.append(name)
        elif is_stored_by_pandas(thing):
            tables.append(name)

    file.visititems(visit)
    return datasets, tables


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    h5py = import_library("h5py", path.name)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except FileNotFoundError:
        raise  # Not about what is in the file.
    except (OSError, KeyError, RuntimeError) as error:
        message = (
            f"{path.name} is not a complete HDF5 file ({error}); write or download it "
            "again"
        )
        raise SourceError(message) from error
