"""Opens files as bytes, decompressed by their extension."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library

COMPRESSIONS = frozenset({".gz", ".bz2", ".xz", ".zip", ".zst"})

_UNREADABLE = (EOFError, OSError, lzma.LZMAError, zipfile.BadZipFile, zlib.error)


def is_plain(path: Path) -> bool:
    """Return whether a file is not compressed, by its extension."""
    return path.suffix.lower() not in COMPRESSIONS


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, decompressed by its extension."""
    suffix = path.suffix.lower()
    with path.open("rb") as raw:
        if suffix == ".zip":
            with zipfile.ZipFile(raw) as archive:
                names = archive.namelist()
                if len(names) != 1:
                    message = (
                        f"{path.name} does not contain exactly one file; "
                        "unpack it and use the path of one of its files"
                    )
                    raise SourceError(message)
                with archive.open(names[0]) as stream:
                    yield stream
        elif suffix == ".zst":
            arrow = import_library("pyarrow", path.name)
            with arrow.CompressedInputStream(raw, "zstd") as stream:
                yield io.BufferedReader(_Forward(stream))
        elif suffix in _OPENERS:
            with _OPENERS[suffix](raw) as stream:
                yield stream
        else:
            yield raw


_OPENERS: dict[str, Callable[[Any], Any]] = {
    ".gz": lambda raw: gzip.GzipFile(fileobj=raw),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}


class _Forward(io.RawIOBase):
    """A pyarrow stream that can seek forwards, as Python's own streams can."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        distance = offset - self._position if whence == io.SEEK_SET else offset
        if distance < 0:
            raise io.UnsupportedOperation
        while distance > 0:
            data = self._stream.read(min(distance, 1 << 20))
            if not data:
                break
            distance -= len(data)
            self._position += len(data)
        return self._position


def read_range(path: Path, start: int, end: int) -> bytes:
    """Return the bytes of a part of a file.

    Raises
    ------
    SourceError
        If the file ends before the part does.
    """
    with path.open("rb") as stream:
        stream.seek(start)
        block = stream.read(end - start)
    if len(block) < end - start:
        message = f"{path.name} became shorter while it was read; run it again"
        raise SourceError(message)
    return block


@contextmanager
def explaining_breaks(path: Path) -> Iterator[None]:
    """Raise the errors of a truncated or damaged file as one sentence."""
    try:
        yield
    except _UNREADABLE as error:
        message = (
            f"{path.name} cannot be read to its end ({error}); write or download it "
            "again"
        )
        raise SourceError(message) from error
