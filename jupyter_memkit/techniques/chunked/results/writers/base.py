"""The interface of the writers of tables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any, Protocol


class Writer(Protocol):
    """Writes tables of one schema to a file.

    The same rows give the same bytes, however they were split into tables, and whether
    or not the writing was interrupted and continued from a saved state.
    """

    def write(self, table: Any) -> None:
        """Append the rows of a pyarrow table."""

    def save(self) -> Any:
        """Flush the file, and return the state from which to continue it."""

    def finish(self, path: Path) -> None:
        """Move the complete file to a path in the same folder.

        A saved state stays valid: the process may be killed before the end of the run
        is recorded.
        """

    def close(self) -> None:
        """Close the file."""


class CutShortError(Exception):
    """A file that holds less than was written to it."""


def reopen(path: Path, size: int) -> IO[bytes]:
    """Open a file to continue it after its first `size` bytes.

    Raises
    ------
    CutShortError
        If it has fewer, or does not exist.
    """
    try:
        file = path.open("r+b")
    except FileNotFoundError as error:
        raise CutShortError from error
    if file.seek(0, os.SEEK_END) < size:
        file.close()
        raise CutShortError
    file.truncate(size)
    file.seek(size)
    return file
