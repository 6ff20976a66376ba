"""What every source of chunks offers, and which one reads what.

A family of sources is one small file; its class only has to look like `Source`.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any, Protocol

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.delimited import (
    COMPRESSIONS,
    SEPARATORS,
    DelimitedSource,
    ReaderSource,
    is_reader,
)
from jupyter_memkit.techniques.chunked.files import find_file
from jupyter_memkit.techniques.chunked.iterable import IterableSource
from jupyter_memkit.techniques.chunked.memory import MemorySource, find_slicer
from jupyter_memkit.techniques.chunked.parquet import SUFFIXES, ParquetSource


class Source(Protocol):
    """Data that can be read chunk by chunk."""

    @property
    def name(self) -> str:
        """How messages call the source."""

    @property
    def default_rows(self) -> int:
        """The rows of a chunk where the user gave no number."""

    @property
    def total_rows(self) -> int | None:
        """The number of rows where it is cheaply known."""

    def iterate(self, rows: int) -> Generator[Any, None, None]:
        """Read from the start, in sized, non-empty chunks of so many rows.

        A generator, so that closing it closes the file. It must not hold a chunk
        that it has handed out: that would keep two in memory.
        """


def open_source(source: Any) -> Source:
    """Return the `Source` that reads an object or a file; nothing is read yet.

    Raises
    ------
    SourceError
        When there is no such file, or nothing that reads it.
    """
    if isinstance(source, (str, os.PathLike)):
        return _open_file(source)
    if is_reader(source):
        return ReaderSource(reader=source)
    name = f"the {type(source).__name__}"
    slicer = find_slicer(source)
    if slicer is not None:
        return MemorySource(data=source, name=name, slicer=slicer)
    if isinstance(source, Iterable):
        return IterableSource(data=source, name=name)
    message = (
        f"{name} is no source of chunks; give the path of a CSV, TSV or Parquet "
        "file, an array, a frame, or anything that a for loop can go through"
    )
    raise SourceError(message)


def _open_file(source: str | os.PathLike[str]) -> Source:
    path = find_file(source)
    kind = _kind(path)
    if kind in SEPARATORS:
        return DelimitedSource(path=path, separator=SEPARATORS[kind])
    if kind in SUFFIXES:
        return ParquetSource(path=path)
    message = (
        f"{path.name} is neither CSV, TSV nor Parquet by its ending; for another "
        "kind of table give a reader: "
        f'pandas.read_csv("{path}", sep=..., chunksize=100_000)'
    )
    raise SourceError(message)


def _kind(path: Path) -> str:
    """Return the ending that names the format, below that of a compression."""
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in COMPRESSIONS else suffix
