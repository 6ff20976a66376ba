"""What every writer of tables offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol


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
        """Bring the whole file to a path of the same folder."""

    def close(self) -> None:
        """Let go of the file."""
