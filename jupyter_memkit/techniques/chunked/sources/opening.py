"""Chooses the source that reads a file or an object: a built-in one or the user's."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from jupyter_memkit.errors import SourceError
from jupyter_memkit.paths import expand_home
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.sources.blank_files import leave_out_blank
from jupyter_memkit.techniques.chunked.sources.compressed import COMPRESSIONS
from jupyter_memkit.techniques.chunked.sources.files import (
    find_files,
    refusing_unreadable,
)
from jupyter_memkit.techniques.chunked.sources.formats import (
    FOLDERS,
    LOCAL,
    OPENERS,
    TABLES,
    TEXTS,
    FileOpener,
    format_of,
)
from jupyter_memkit.techniques.chunked.sources.iterable import IterableSource
from jupyter_memkit.techniques.chunked.sources.lazy_objects import find_opener
from jupyter_memkit.techniques.chunked.sources.memory import MemorySource, find_slicer
from jupyter_memkit.techniques.chunked.sources.partitioned import (
    add_keys,
    find_root,
)
from jupyter_memkit.techniques.chunked.sources.remote import (
    RemotePath,
    find_remote_files,
    is_url,
)
from jupyter_memkit.techniques.chunked.sources.several import SeveralSource
from jupyter_memkit.techniques.chunked.sources.unsupported import find_remedy

ObjectOpener = Callable[[Any], Source]

OpenerT = TypeVar("OpenerT", bound=Callable[..., Source])

# By the extension of a file, without that of a compression.
_FORMATS: dict[str, FileOpener] = dict(OPENERS)

# Formats that can be read if the whole file is compressed.
_COMPRESSIBLE = set(TEXTS)

# The user's own sources, by type.
_TYPES: dict[type, ObjectOpener] = {}


def chunk_source(target: type | str) -> Callable[[OpenerT], OpenerT]:
    """Register a function that opens an object or a file as a source.

    Registered sources take precedence over built-in ones; for an object, the most
    specific of its types decides. Registering a target again replaces its function.

    Parameters
    ----------
    target : type or str
        The type of the objects, whose function takes an object; or the extension of
        the files, such as ``".sas"``, whose function takes a path and the reader
        options.

    Returns
    -------
    callable
        A decorator, which returns the function unchanged.

    Raises
    ------
    SourceError
        If the target is neither a type nor an extension.

    Examples
    --------
    A source is any object with the methods of `Source`; often an existing one will
    do, here for an object that counts down:

    >>> from jupyter_memkit.techniques.chunked.sources.iterable import IterableSource
    >>> class Countdown:
    ...     def __init__(self, start):
    ...         self.start = start
    >>> @chunk_source(Countdown)
    ... def open_countdown(countdown):
    ...     numbers = range(countdown.start, 0, -1)
    ...     return IterableSource(data=numbers, name="the countdown")
    >>> from jupyter_memkit.techniques.chunked.chunks import chunked
    >>> list(chunked(Countdown(5), rows=2))
    [[5, 4], [3, 2], [1]]
    """
    is_ending = isinstance(target, str) and target.startswith(".") and len(target) > 1
    if not is_ending and not isinstance(target, type):
        message = (
            f"{target!r} is neither a type nor the extension of a file; "
            'use a class, or an extension such as ".sas"'
        )
        raise SourceError(message)

    def register(function: OpenerT) -> OpenerT:
        if isinstance(target, type):
            _TYPES[target] = function
        else:
            suffix = target.lower()
            _FORMATS[suffix] = function
            _COMPRESSIBLE.add(suffix)
        return function

    return register


def open_source(source: Any, options: Mapping[str, Any] | None = None) -> Source:
    """Return the `Source` that reads an object or files; no rows are read yet.

    Parameters
    ----------
    source : object
        A path, a folder, a pattern, a list of paths, or data in memory.
    options : mapping, optional
        Options for the library that reads a file.

    Raises
    ------
    SourceError
        If there is no such file, or no source that reads it.
    """
    if is_url(source):
        found = find_remote_files(source)
        remote = RemotePath(source)
        for file in found:
            if (suffix := format_of(cast("Path", file))) in LOCAL:
                message = (
                    f"{file.name} is at a URL, and {suffix} files are read only from "
                    "a local disk; download it, and use its path"
                )
                raise SourceError(message)
        root = find_root(remote.parts)
        return _open_files(_as_paths(found), remote.name, options or {}, root)
    if isinstance(source, (str, os.PathLike)):
        root = find_root(expand_home(source).parts)
        return _open_files(_find(source), str(source), options or {}, root)
    if _is_list_of_paths(source):
        files = [file for path in source for file in _find_listed(path)]
        return _open_files(files, f"{len(files)} files", options or {})
    if options:
        message = "reader options are for files; leave out --read"
        raise SourceError(message)
    return _open_object(source)


def open_query(query: str, connection: Any) -> Source:
    """Return the `Source` that reads the rows of a query; none are read yet.

    Parameters
    ----------
    query : str
        A single statement that returns rows.
    connection : object
        What `open_sql` accepts.

    Raises
    ------
    SourceError
        If the query is empty, or the connection is not supported.
    """
    # Imported on first use, with all kinds of databases.
    from jupyter_memkit.techniques.chunked.sources.sql import open_sql  # noqa: PLC0415

    return open_sql(query, connection)


def _as_paths(files: Sequence[RemotePath]) -> list[Path]:
    """Cast remote files to paths, whose interface they share as far as it is used."""
    return [cast("Path", file) for file in files]


def _open_object(source: Any) -> Source:
    for kind in type(source).__mro__:
        if kind in _TYPES:
            return _TYPES[kind](source)
    opener = find_opener(source)
    if opener is not None:
        return opener(source)
    name = f"the {type(source).__name__}"
    slicer = find_slicer(source)
    if slicer is not None:
        return MemorySource(data=source, name=name, slicer=slicer)
    if isinstance(source, Iterable):
        return IterableSource(data=source, name=name)
    message = (
        f"{name} is not a source of chunks; use the path of a file "
        f"({_list_extensions()}), an array, a frame, or any iterable"
    )
    raise SourceError(message)


def _list_extensions() -> str:
    return ", ".join(sorted(_FORMATS))


def _find(path: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a path or a pattern, and folders that are sources."""
    found = expand_home(path)
    with refusing_unreadable():
        if found.is_dir() and not _is_folder_source(found):
            folders = sorted(filter(_is_folder_source, found.iterdir()))
        else:
            matches = [found, *map(Path, glob.glob(str(found), recursive=True))]  # noqa: PTH207 - absolute too
            folders = sorted({match for match in matches if _is_folder_source(match)})
    return folders or find_files(path)


def _find_listed(path: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a path in a list, whose text could also be meant as data."""
    try:
        return _find(path)
    except SourceError as error:
        if not isinstance(path, str):
            raise
        message = f"{error} (to read the names themselves, use iter(...) of the list)"
        raise SourceError(message) from error


def _is_folder_source(path: Path) -> bool:
    return path.suffix.lower() in FOLDERS and path.is_dir()


def _is_list_of_paths(source: Any) -> bool:
    """Return whether a list holds only paths.

    Text counts if all of it has the extension of a file that can be read, or if such a
    file exists: a typo in one of several names does not make them data.
    """
    if not isinstance(source, (list, tuple)) or not source:
        return False
    if all(isinstance(item, os.PathLike) for item in source):
        return True
    if not all(isinstance(item, str) for item in source):
        return False
    endings = {*_FORMATS, *COMPRESSIONS}
    named = [text for text in source if _find_ending(text) in endings]
    return (
        len(named) == len(source)
        or any(map(_exists, named))
        or all(map(_exists, source))
    )


def _find_ending(text: str) -> str:
    """Return the last extension; a `Path` of each text of a long list takes seconds."""
    return f".{text.rpartition('.')[2]}".lower() if "." in text else ""


def _exists(path: str) -> bool:
    # Unlike that of `Path`, it returns False for a text that is too long for one.
    return os.path.isfile(path) or _is_folder_source(Path(path))  # noqa: PTH113


def _open_files(
    files: list[Path],
    name: str,
    options: Mapping[str, Any],
    root: tuple[str, ...] | None = None,
) -> Source:
    formats = {format_of(path) for path in files}
    if len(formats) > 1:
        is_folder = expand_home(name).is_dir()
        remedy = _suggest_pattern(name, files) if is_folder else "those of one format"
        message = (
            f"{name} holds files of several formats ({', '.join(sorted(formats))}); "
            f"use {remedy}"
        )
        raise SourceError(message)
    suffix = formats.pop()
    opener = _FORMATS.get(suffix)
    if opener is None:
        message = (
            f"{files[0].name} has an unsupported extension; {find_remedy(files[0])} "
            f"(supported are {_list_extensions()})"
        )
        raise SourceError(message)
    for path in files:
        if path.suffix.lower() != suffix and suffix not in _COMPRESSIBLE:
            message = (
                f"{path.name} is compressed as a whole, but {suffix} files are read in "
                f"parts; unpack it, and use {path.stem}"
            )
            raise SourceError(message)
    if len(files) > 1 and suffix in TEXTS:
        files = leave_out_blank(files, of_tables=suffix in TABLES)
    sources = [opener(path, options) for path in files]
    if suffix in TABLES:
        sources = add_keys(sources, files, root)
    if len(sources) == 1:
        return sources[0]
    return SeveralSource(sources=tuple(sources), name=name)


def _suggest_pattern(folder: str, files: list[Path]) -> str:
    """Return the pattern of the files of one format in a folder, as a remedy."""
    formats = set(map(format_of, files))
    # A README among tables is not one of them.
    wanted = min(formats & _FORMATS.keys() or formats)
    chosen = [path for path in files if format_of(path) == wanted]
    is_flat = all(path.parent == expand_home(folder) for path in chosen)
    is_plain = all(path.suffix.lower() == wanted for path in chosen)
    name = f"*{wanted}" if is_plain else f"*{wanted}*"
    return f'a pattern, such as "{Path(folder, *([] if is_flat else ["**"]), name)}"'
