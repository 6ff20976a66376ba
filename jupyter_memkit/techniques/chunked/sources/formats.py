"""The formats of files: their extensions, and what opens a file of each.

The source of a format is imported when a file of it is opened: to import all of them
would take longer than many cells.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.sources.compressed import COMPRESSIONS

FileOpener = Callable[[Path, Mapping[str, Any]], Source]

_ARROW = (".arrow", ".arrows", ".feather", ".ipc")
_DELIMITED = (".csv", ".tsv")
_JSON_LINES = (".jsonl", ".ndjson")
_PARQUET = (".parquet", ".pq")
_TEXT_LINES = (".log", ".txt")

TEXTS = frozenset({*_DELIMITED, *_JSON_LINES, *_TEXT_LINES})
"""The extensions of formats that are text."""

TABLES = frozenset({*_DELIMITED, *_PARQUET, *_ARROW, *_JSON_LINES})
"""The extensions of formats whose rows have columns."""

FOLDERS = frozenset({".zarr"})
"""The extensions of folders that are one source each."""

LOCAL = frozenset({*_ARROW, ".bin", ".dat", ".h5", ".hdf", ".hdf5", ".npz", ".zarr"})
"""The extensions of formats that are mapped, or opened by libraries, by their paths."""


def format_of(path: Path) -> str:
    """Return the extension of the format, without that of a compression."""
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in COMPRESSIONS else suffix


def _opens_with(module: str, function: str) -> FileOpener:
    def open_file(path: Path, options: Mapping[str, Any]) -> Source:
        place = f"jupyter_memkit.techniques.chunked.sources.{module}"
        found = getattr(importlib.import_module(place), function)
        source: Source = found(path=path, options=options)
        return source

    return open_file


OPENERS: Mapping[str, FileOpener] = {
    **dict.fromkeys(_ARROW, _opens_with("arrow_ipc", "ArrowSource")),
    **dict.fromkeys(_DELIMITED, _opens_with("delimited", "open_delimited")),
    **dict.fromkeys(_JSON_LINES, _opens_with("json_lines", "JsonLinesSource")),
    **dict.fromkeys(_PARQUET, _opens_with("parquet", "ParquetSource")),
    **dict.fromkeys(_TEXT_LINES, _opens_with("text_lines", "TextLinesSource")),
    **dict.fromkeys(
        (".bin", ".dat"), _opens_with("binary_records", "BinaryRecordsSource")
    ),
    **dict.fromkeys((".h5", ".hdf", ".hdf5"), _opens_with("hdf5", "open_hdf5")),
    ".npy": _opens_with("npy", "NpySource"),
    ".npz": _opens_with("npz", "NpzSource"),
    ".zarr": _opens_with("zarr", "ZarrSource"),
}
"""By the extension of a file, without that of a compression."""
