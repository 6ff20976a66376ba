"""Which writer makes which kind of file."""

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
        """Return a writer to a path, new or from what another's `save` had told."""


def _open_groups(
    path: Path, schema: Any, *, state: Any, resumable: bool, open_file: OpenFile
) -> Writer:
    return GroupsWriter(
        path, schema, open_file=open_file, spools=resumable, state=state
    )


_open_parquet = partial(_open_groups, open_file=open_parquet)
_open_arrow = partial(_open_groups, open_file=ArrowFile)

# By the ending of a file.
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
    """Return what opens a writer for a file, by its ending.

    Raises
    ------
    MemkitError
        When no writer makes such files, or there is no such folder.
    """
    opener = _FORMATS.get(path.suffix.lower())
    if opener is None:
        message = (
            f"{path.name} is of no kind that can be written by its ending; "
            f"give one of {', '.join(_FORMATS)}"
        )
        raise MemkitError(message)
    if not path.parent.is_dir():
        message = f"there is no folder {path.parent} to write to; make it first"
        raise MemkitError(message)
    if path.is_dir():
        message = f"{path} is a folder; give the path of a file"
        raise MemkitError(message)
    return opener
