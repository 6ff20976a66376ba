"""What every writer of tables offers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any, Protocol


class Writer(Protocol):
    """Writes tables of one schema to a file, whose bytes do not tell how they came.

    The same rows give the same file, however they were split into tables, and whether
    or not the writing was interrupted and went on from what `save` had told.
    """

    def write(self, table: Any) -> None:
        """Append the rows of a table of pyarrow."""

    def save(self) -> Any:
        """Bring all that was written to the file, and return how to go on from it."""

    def finish(self, path: Path) -> None:
        """Bring the whole file to a path of the same folder.

        What one can go on with stays: the process may be killed before it is known
        that the run is over.
        """

    def close(self) -> None:
        """Let go of the file."""


class CutShortError(Exception):
    """A file that holds less than what had been written to it."""


def reopen(path: Path, size: int) -> IO[bytes]:
    """Open a file to go on behind its first bytes.

    Raises
    ------
    CutShortError
        When it has fewer, or is gone.
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
