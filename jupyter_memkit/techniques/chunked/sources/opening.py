"""Which source reads what."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.sources.delimited import (
    COMPRESSIONS,
    SEPARATORS,
    DelimitedSource,
)
from jupyter_memkit.techniques.chunked.sources.files import find_files, read_partition
from jupyter_memkit.techniques.chunked.sources.iterable import IterableSource
from jupyter_memkit.techniques.chunked.sources.memory import MemorySource, find_slicer
from jupyter_memkit.techniques.chunked.sources.parquet import SUFFIXES, ParquetSource
from jupyter_memkit.techniques.chunked.sources.reader import ReaderSource, is_reader
from jupyter_memkit.techniques.chunked.sources.several import SeveralSource

Opener = Callable[[Path, Mapping[str, Any]], Source]


def _open_delimited(path: Path, options: Mapping[str, Any]) -> Source:
    options = dict(options)
    separator = options.pop("sep", SEPARATORS[_format_of(path)])
    return DelimitedSource(path=path, separator=separator, options=options)


def _open_parquet(path: Path, options: Mapping[str, Any]) -> Source:
    return ParquetSource(path=path, partition=read_partition(path), options=options)


# By the ending of a file, below that of a compression.
_FORMATS: dict[str, Opener] = {
    **dict.fromkeys(SEPARATORS, _open_delimited),
    **dict.fromkeys(SUFFIXES, _open_parquet),
}


def open_source(source: Any, options: Mapping[str, Any] | None = None) -> Source:
    """Return the `Source` that reads an object or files; nothing is read yet.

    Parameters
    ----------
    source : object
        A path, a folder, a pattern, a list of paths, or data in memory.
    options : mapping, optional
        For the library that reads a file.

    Raises
    ------
    SourceError
        When there is no such file, or nothing that reads it.
    """
    if isinstance(source, (str, os.PathLike)):
        return _open_files(find_files(source), str(source), options or {})
    if _is_list_of_paths(source):
        files = [file for path in source for file in find_files(path)]
        return _open_files(files, f"{len(files)} files", options or {})
    if options:
        message = "reader options are for files; leave --read out"
        raise SourceError(message)
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


def _is_list_of_paths(source: Any) -> bool:
    """Tell whether all of a list are paths: text alone may be data."""
    return (
        isinstance(source, (list, tuple))
        and bool(source)
        and all(isinstance(item, os.PathLike) for item in source)
    ) or (
        isinstance(source, (list, tuple))
        and bool(source)
        and all(isinstance(item, str) and Path(item).is_file() for item in source)
    )


def _open_files(files: list[Path], name: str, options: Mapping[str, Any]) -> Source:
    formats = {_format_of(path) for path in files}
    if len(formats) > 1:
        message = (
            f"{name} holds files of several kinds ({', '.join(sorted(formats))}); "
            f'give a pattern, such as "{Path(name) / ("*" + min(formats))}"'
        )
        raise SourceError(message)
    opener = _FORMATS.get(formats.pop())
    if opener is None:
        message = (
            f"{files[0].name} is neither CSV, TSV nor Parquet by its ending; for "
            "another kind of table give a reader: "
            f'pandas.read_csv("{files[0]}", sep=..., chunksize=100_000)'
        )
        raise SourceError(message)
    sources = tuple(opener(path, options) for path in files)
    if len(sources) == 1:
        return sources[0]
    return SeveralSource(sources=sources, name=name)


def _format_of(path: Path) -> str:
    """Return the ending that names the format, below that of a compression."""
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in COMPRESSIONS else suffix
