"""Writes the files that the user asks for."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from jupyter_memkit.errors import MemkitError


def write_file(path: Path, text: str) -> int:
    """Write a text file, and return its size in bytes.

    An existing file is replaced atomically: completely or not at all. What is not a
    regular file, such as ``/dev/stdout``, is written to directly.

    Parameters
    ----------
    path : Path
        The file; its folder exists.
    text : str
        The content. A lone surrogate, which a line of a cell can contain, cannot be
        encoded and is written as its number.

    Raises
    ------
    MemkitError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_file(Path(folder, "cells.csv"), "cell,peak")
    9
    """
    content = text.encode("utf-8", "backslashreplace")
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)
        else:
            _replace(path.resolve(), content)
    except OSError as error:
        message = f"'{path}' cannot be written ({error.strerror}); choose another place"
        raise MemkitError(message) from error
    return len(content)


def _replace(path: Path, content: bytes) -> None:
    with aside_of(path) as aside:
        aside.write_bytes(content)
        if path.exists():
            shutil.copymode(path, aside)
        aside.replace(path)


@contextlib.contextmanager
def aside_of(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder, which is removed at the end.

    Nobody can guess its name, and so leave a link there in a folder of all users.
    """
    aside = path.with_name(f".memkit-{os.urandom(8).hex()}{path.suffix}")
    try:
        yield aside
    finally:
        aside.unlink(missing_ok=True)
