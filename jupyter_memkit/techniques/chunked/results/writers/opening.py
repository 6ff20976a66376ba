"""Chooses the writer of a file by its extension."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Protocol

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.results.writers.base import Writer
from jupyter_memkit.techniques.chunked.results.writers.groups import (
    ArrowFile,
    GroupsWriter,
    OpenFile,
    open_parquet,
)
from jupyter_memkit.techniques.chunked.results.writers.lines import (
    open_delimited,
    open_json_lines,
)


class Opener(Protocol):
    """Opens a writer."""

    def __call__(
        self, path: Path, schema: Any, *, state: Any, resumable: bool
    ) -> Writer:
        """Return a writer to a path, new or continued from a saved state."""


def _open_groups(
    path: Path, schema: Any, *, state: Any, resumable: bool, open_file: OpenFile
) -> Writer:
    return GroupsWriter(
        path, schema, open_file=open_file, spools=resumable, state=state
    )


_open_parquet = partial(_open_groups, open_file=open_parquet)
_open_arrow = partial(_open_groups, open_file=ArrowFile)

# By the extension of the file.
_FORMATS: dict[str, Opener] = {
    ".parquet": _open_parquet,
    ".pq": _open_parquet,
    ".csv": partial(open_delimited, separator=","),
    ".tsv": partial(open_delimited, separator="\t"),
    ".arrow": _open_arrow,
    ".feather": _open_arrow,
    ".jsonl": open_json_lines,
    ".ndjson": open_json_lines,
}


def find_writer(path: Path) -> Opener:
    """Return the function that opens a writer for a file.

    Raises
    ------
    MemkitError
        If the extension is not supported, or there is no such folder.
    """
    opener = _FORMATS.get(path.suffix.lower())
    if opener is None:
        message = (
            f"{path.name} has an unsupported extension; use one of "
            f"{', '.join(_FORMATS)}"
        )
        raise MemkitError(message)
    if not path.parent.is_dir():
        message = f"there is no folder {path.parent} to write to; create it first"
        raise MemkitError(message)
    if path.is_dir():
        message = f"{path} is a folder; use the path of a file"
        raise MemkitError(message)
    return opener
