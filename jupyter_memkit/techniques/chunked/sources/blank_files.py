"""Leaves out text files without content, which lack even the names of columns.

Programs that write in parts leave such files behind. Among other files they count as
having no rows, like a file that has only names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_memkit.techniques.chunked.sources.compressed import (
    explaining_breaks,
    open_bytes,
)
from jupyter_memkit.techniques.chunked.sources.lines import MARK

# A larger file is not opened. Nothing takes some bytes if it is compressed.
_MOST_BYTES = 1 << 10


def leave_out_blank(files: Sequence[Path], *, of_tables: bool) -> list[Path]:
    """Return the files that have content, or all if none has.

    Parameters
    ----------
    files : sequence of Path
        The files, in which those at URLs are not judged.
    of_tables : bool
        Whether their rows are not the lines themselves, so that blank lines are no
        content.
    """
    left = [path for path in files if not _is_blank(path, of_tables=of_tables)]
    return left or list(files)


def _is_blank(path: Path, *, of_tables: bool) -> bool:
    is_local: bool = isinstance(path, Path)  # A remote file is cast to a path.
    if not is_local or path.stat().st_size > _MOST_BYTES:
        return False
    with explaining_breaks(path), open_bytes(path) as stream:
        content = stream.read(_MOST_BYTES).removeprefix(MARK)
    return not (content.strip() if of_tables else content)
