"""The libraries of chunks: which there are, and which is the default."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library

BACKENDS = ("pandas", "polars", "arrow", "numpy")

_MODULES = {"pandas": "pandas", "polars": "polars", "arrow": "pyarrow"}


def find_backend() -> str:
    """Return the default library of the chunks of a table: the first installed one.

    It does not depend on imports, so a cell does the same after a restart.
    """
    for backend, module in _MODULES.items():
        if module in sys.modules or importlib.util.find_spec(module) is not None:
            return backend
    return "numpy"


def load_backend(backend: str | None) -> None:
    """Import the libraries of a backend, before the memory of chunks is measured."""
    modules = [
        "pyarrow.csv",
        "pyarrow.parquet",
        *([] if backend is None else [backend]),
        *(["pandas"] if backend == "numpy" else []),
    ]
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(_MODULES.get(module, module))


def import_backend(backend: str) -> Any:
    """Return the library of a backend.

    Raises
    ------
    SourceError
        If it is not installed.
    """
    return import_library(_MODULES[backend], f"{backend} chunks")
