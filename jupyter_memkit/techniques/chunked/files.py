"""Finds the file of a source, and the library that reads it."""

from __future__ import annotations

import difflib
import importlib
import os
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError


def find_file(path: str | os.PathLike[str]) -> Path:
    """Return the path of an existing file.

    Raises
    ------
    SourceError
        When there is nothing at the path, or a folder.
    """
    found = Path(path).expanduser()
    if found.is_dir():
        message = f"{found} is a folder; give the path of one file in it"
        raise SourceError(message)
    if not found.exists():
        message = f"there is no file {found} in {Path.cwd()}; {_suggest(found)}"
        raise SourceError(message)
    return found


def _suggest(missing: Path) -> str:
    try:
        names = [path.name for path in missing.parent.iterdir()]
    except OSError:
        return f"there is no folder {missing.parent} either"
    similar = difflib.get_close_matches(missing.name, names, n=1)
    if similar:
        return f"did you mean {missing.with_name(similar[0])}?"
    return "check its spelling and folder"


def import_library(module: str, file_name: str) -> Any:
    """Import the library that reads a file: the user asked for it by the file.

    Raises
    ------
    SourceError
        When the library is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        message = (
            f"reading {file_name} needs {library} ({error}); "
            'install it with: pip install "jupyter_memkit[data]"'
        )
        raise SourceError(message) from error
