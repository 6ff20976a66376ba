"""Turns what a person wrote for a file into its path."""

from __future__ import annotations

import os
from pathlib import Path


def expand_home(path: str | os.PathLike[str]) -> Path:
    """Return a path, with ``~`` replaced where it stands for a home folder.

    That is ``~`` alone, ``~/`` and ``~user/`` of a user that exists. Everything else
    that begins with a tilde is a name, such as that of a draft or of a backup copy.

    Parameters
    ----------
    path : str or path-like
        The path as it was written.

    Returns
    -------
    Path
        The path in the file system, which need not exist.

    Examples
    --------
    >>> expand_home("~draft.csv").name
    '~draft.csv'
    >>> expand_home("~/draft.csv") == Path.home() / "draft.csv"
    True
    """
    written = Path(path)
    is_home = written.parts[:1] == ("~",)
    if not is_home and not (str(path).startswith("~") and len(written.parts) > 1):
        return written
    try:
        return written.expanduser()
    except RuntimeError:
        # No such user, or a process without a home.
        return written
