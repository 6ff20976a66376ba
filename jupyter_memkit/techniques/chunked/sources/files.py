"""Finds the files of a source, and caches facts about them."""

from __future__ import annotations

import difflib
import glob
import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from jupyter_memkit.errors import SourceError
from jupyter_memkit.paths import expand_home

FoundT = TypeVar("FoundT")

_GLOB = frozenset("*?[")


def find_files(path: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a path, a folder or a pattern, sorted by name.

    A folder means all files at any depth below it, except hidden files and those whose
    name starts with an underscore, which other programs write beside their data.

    Raises
    ------
    SourceError
        If there are none, or a folder cannot be read.
    """
    found = expand_home(path)
    with refusing_unreadable():
        return _find_files(found, has_pattern=bool(_GLOB & set(str(path))))


@contextmanager
def refusing_unreadable() -> Iterator[None]:
    """Raise a `SourceError` for a path that the system refuses to look at."""
    try:
        yield
    except OSError as error:
        message = f"{error.filename} cannot be read: {error.strerror}; check the path"
        raise SourceError(message) from error


def _find_files(found: Path, *, has_pattern: bool) -> list[Path]:
    if found.is_file():
        return [found]
    if found.is_dir():
        files = sorted(_walk(found))
        if not files:
            message = f"the folder {found} has no files; check its name"
            raise SourceError(message)
        return files
    if has_pattern:
        matches = glob.glob(str(found), recursive=True)  # noqa: PTH207 - absolute too
        files = sorted(Path(match) for match in matches if Path(match).is_file())
        if not files:
            message = (
                f"no file matches {_place(found)}; check the pattern and the folder"
            )
            raise SourceError(message)
        return files
    if found.exists():
        message = f"{found} is neither a file nor a folder; use the path of a file"
        raise SourceError(message)
    message = f"there is no file {_place(found)}; {_suggest(found)}"
    raise SourceError(message)


def _place(path: Path) -> str:
    """Describe a path so that it is clear where it was looked for."""
    return str(path) if path.is_absolute() else f"{path} in {Path.cwd()}"


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder; one that cannot be read is not left out."""
    for root, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        for name in names:
            path = Path(root, name)
            if not _is_hidden(name) and path.is_file():
                yield path


def _raise(error: OSError) -> NoReturn:
    raise error


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _suggest(missing: Path) -> str:
    try:
        names = {path.name.lower(): path.name for path in missing.parent.iterdir()}
    except OSError:
        return f"there is no folder {missing.parent} either; check the path"
    similar = difflib.get_close_matches(missing.name.lower(), names, n=1)
    if similar:
        return f"did you mean {missing.with_name(names[similar[0]])}?"
    return "check its spelling and folder"


def file_fingerprint(path: Path) -> Any:
    """Return the size and the modification time of a file."""
    state = path.stat()
    return {str(path): [state.st_size, state.st_mtime_ns]}


class Findings(dict[Any, Any]):
    """Cached facts about a file, which are not sent to other processes."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as an empty cache."""
        return Findings, ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """The common part of the sources of one file.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        Options for the reader.
    """

    path: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    _findings: Findings = field(
        default_factory=Findings, init=False, repr=False, compare=False
    )

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: the chunks have them."""
        return {}

    def fingerprint(self) -> Any:
        """Return the size and the modification time of the file."""
        return file_fingerprint(self.path)

    def find_once(self, what: Hashable, find: Callable[[], FoundT]) -> FoundT:
        """Return a fact about the file, which is cached until the file changes.

        Parameters
        ----------
        what : hashable
            The key of the fact.
        find : callable
            Finds the fact.
        """
        state = self.path.stat()
        key = what, state.st_size, state.st_mtime_ns
        if key not in self._findings:
            self._findings[key] = find()
        found: FoundT = self._findings[key]
        return found
