"""Recognizes files that are not text by their first bytes, whatever their names say."""

from __future__ import annotations

from pathlib import Path

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.compressed import (
    explaining_breaks,
    is_plain,
    open_bytes,
)
from jupyter_memkit.techniques.chunked.sources.unsupported import find_remedy

_HEAD_BYTES = 512

# By the first bytes, which no text begins with.
_FORMATS = {
    b"PAR1\x15": ("a Parquet file", ".parquet"),
    b"ARROW1\0\0": ("an Arrow file", ".arrow"),
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file", ".h5"),
    b"\x93NUMPY": ("an array of NumPy", ".npy"),
    b"SQLite format 3\0": ("an SQLite database", ".sqlite"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an Excel workbook", ".xls"),
}
_COMPRESSIONS = {
    b"\x1f\x8b\x08": ("compressed by gzip", ".gz"),
    b"BZh": ("compressed by bzip2", ".bz2"),
    b"\xfd7zXZ\0": ("compressed by xz", ".xz"),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", ".zst"),
    b"PK\x03\x04": ("a zip archive", ".zip"),
}
_BZIP2_BLOCK = b"1AY&SY"  # After BZh and a digit.

# Archives by the name of their first file.
_ARCHIVES = {
    ".npy": ("an archive of NumPy arrays", ".npz"),
    ".xml": ("an Excel workbook", ".xlsx"),
    ".rels": ("an Excel workbook", ".xlsx"),
}

# What is not read in parts; `find_remedy` says what helps.
_UNSUPPORTED = frozenset({".sqlite", ".xls", ".xlsx"})


def check_text_file(path: Path) -> None:
    """Reject a file of another format under the name of a text file.

    Raises
    ------
    SourceError
        If it is one; the message says what it is, and how it is read.
    """
    with explaining_breaks(path), open_bytes(path) as stream:
        head = stream.read(_HEAD_BYTES)
    found = _find_format(head)
    if found is not None:
        what, suffix = found
        message = f"{path.name} is {what}; {_suggest(path, suffix)}"
        raise SourceError(message)


def _find_format(head: bytes) -> tuple[str, str] | None:
    """Return what a file is, and its extension; None for text."""
    for mark, found in {**_FORMATS, **_COMPRESSIONS}.items():
        if not head.startswith(mark):
            continue
        if mark == b"BZh" and head[4:10] != _BZIP2_BLOCK:
            continue
        if found[1] == ".zip":
            size = int.from_bytes(head[26:28], "little")
            name = Path(head[30 : 30 + size].decode(errors="replace"))
            return _ARCHIVES.get(name.suffix or name.name, found)
        return found
    return None


def _suggest(path: Path, suffix: str) -> str:
    """Return how to read a file with this extension."""
    if not is_plain(path):
        return "unpack it, and use the path of the file in it"
    if suffix in _UNSUPPORTED:
        return find_remedy(path, suffix)
    is_compressed = suffix in {ending for _, ending in _COMPRESSIONS.values()}
    name = path.name + suffix if is_compressed else path.with_suffix(suffix).name
    return f"call it {name}, and use that"
