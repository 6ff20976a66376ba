"""Converts a path as written by the user to a path in the file system."""

from __future__ import annotations

import os
from pathlib import Path


def expand_home(path: str | os.PathLike[str]) -> Path:
    """Return a path with ``~`` replaced if it stands for a home folder.

    It does in ``~``, ``~/`` and ``~user/`` for an existing user. Any other name that
    begins with a tilde is kept, such as that of a draft or a backup copy.

    Parameters
    ----------
    path : str or path-like
        The path as written.

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
