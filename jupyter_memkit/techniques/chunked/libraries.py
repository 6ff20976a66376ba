"""Imports the libraries that read data or make chunks."""

from __future__ import annotations

import importlib
from typing import Any

from jupyter_memkit.errors import SourceError

_EXTRA = frozenset({"pandas", "polars", "pyarrow"})


def import_library(module: str, what: str) -> Any:
    """Import the library that reads a source, which the user chose with the source.

    Raises
    ------
    SourceError
        If the library is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        extra = "jupyter_memkit[data]" if library in _EXTRA else library
        message = (
            f"reading {what} needs {library} ({error}); "
            f'install it with: pip install "{extra}"'
        )
        raise SourceError(message) from error
