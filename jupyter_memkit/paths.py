"""Converts a path as written by the user to a path in the file system.

A relative one needs the working directory, which can be deleted.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from jupyter_memkit.errors import MemkitError

# Of a name in a message.
_MOST_LETTERS = 100

_FILE_URL = "file://"


def expand_home(path: str | os.PathLike[str]) -> Path:
    """Return a path with ``~`` replaced if it represents a home folder.

    It does in ``~``, ``~/`` and ``~user/`` for an existing user. Any other name that
    begins with a tilde is kept, such as that of a draft or a backup copy.

    Parameters
    ----------
    path : str or path-like
        The path as written, or the URL of a local file.

    Returns
    -------
    Path
        The path in the file system, which need not exist.

    Raises
    ------
    MemkitError
        If no file system could hold it: a name is too long, or has a null character; or
        if it is relative to a working directory that was deleted.

    Examples
    --------
    >>> expand_home("~draft.csv").name
    '~draft.csv'
    >>> expand_home("~/draft.csv") == Path.home() / "draft.csv"
    True
    >>> expand_home("file:///data/a%20b.csv").name
    'a b.csv'
    """
    if isinstance(path, str) and path.startswith(_FILE_URL):
        path = _find_path(path)
    written = Path(path)
    _refuse_impossible(written)
    expanded = _expand(written)
    if not expanded.is_absolute():
        working_folder()
    return expanded


def working_folder() -> Path:
    """Return the working directory.

    Raises
    ------
    MemkitError
        If it was deleted.
    """
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        message = "the working directory was deleted; change to another: %cd ~"
        raise MemkitError(message) from error


def _expand(path: Path) -> Path:
    is_home = path.parts[:1] == ("~",)
    if not is_home and not (str(path).startswith("~") and len(path.parts) > 1):
        return path
    try:
        return path.expanduser()
    except RuntimeError:
        # No such user, or a process without a home.
        return path


def _find_path(url: str) -> str:
    """Return the path in the URL of a local file."""
    from urllib.request import url2pathname  # noqa: PLC0415 - takes long, rarely used

    return url2pathname(url.removeprefix(_FILE_URL).removeprefix("localhost"))


def _refuse_impossible(path: Path) -> None:
    """Refuse a path that the system cannot look up, such as one that is too long."""
    try:
        path.lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            message = (
                f"{str(path)[:_MOST_LETTERS]}… is too long for the name of a file; "
                "use a shorter one"
            )
            raise MemkitError(message) from error
    except ValueError as error:
        message = f"{str(path)!r} is not the name of a file ({error}); check it"
        raise MemkitError(message) from error
