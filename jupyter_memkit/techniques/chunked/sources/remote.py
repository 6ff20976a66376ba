"""Files behind URLs, read through fsspec as far as they are needed.

A `RemotePath` stands where a path of this machine does: it has a name, a size, and is
opened as a binary file that can be sought.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.files import import_library

_URL = re.compile(r"[a-z][a-z0-9+.-]+(?:::[a-z][a-z0-9+.-]+)*://", re.IGNORECASE)
_USER = re.compile(r"(?<=://)[^/@]*@")
_QUERY = re.compile(r"(https?://[^?]*)[?].*?(?=::|$)")
_GLOB = frozenset("*?[")

# What is fetched beyond what was asked for: little where places all over a file are
# looked at, much where a compressed one is read in small bits.
_AHEAD_BYTES = 256 << 10
_COMPRESSED_AHEAD_BYTES = 4 << 20
_COMPRESSED = frozenset({".gz", ".bz2", ".xz", ".zip", ".zst"})

# By what the file systems call the time of a change, and what stands for one.
_TIMES = ("mtime", "LastModified", "last_modified", "modified", "updated", "created")
_TAGS = ("ETag", "etag", "Last-Modified", "md5Hash", "Content-MD5")


@dataclass(frozen=True, slots=True)
class RemotePath:
    """The path of a file on another machine, with what is used of `pathlib.Path`.

    Parameters
    ----------
    url : str
        With its protocol; fsspec's own settings hold the credentials.
    """

    url: str

    def __str__(self) -> str:
        """Return the URL, without a user, a password or a signature in it."""
        return _QUERY.sub(r"\1", _USER.sub("", self.url))

    def __fspath__(self) -> str:
        """Return the URL, which pandas opens too."""
        return self.url

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self._pure.name

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return self._pure.stem

    @property
    def suffix(self) -> str:
        """The ending of the name."""
        return self._pure.suffix

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the path, in which a folder's name may tell a column."""
        return self._pure.parts

    def open(self, mode: str = "rb") -> io.BufferedIOBase:
        """Open the file, to be read from any place.

        Raises
        ------
        SourceError
            When there is no such file, or its server gives no parts of it.
        """
        ahead = _COMPRESSED_AHEAD_BYTES if self._is_compressed else _AHEAD_BYTES
        with explaining_remote(self):
            system, path = _find_system(self)
            file = system.open(path, mode, block_size=ahead, cache_type="readahead")
        try:
            # Some say that they can, and cannot.
            file.seek(1)
            file.seek(0)
        except (OSError, ValueError) as error:
            file.close()
            message = (
                f"the server of {self.name} gives no parts of it; put simplecache:: "
                "before its URL, which downloads it to a temporary folder first"
            )
            raise SourceError(message) from error
        return _RemoteFile(file, self)

    def stat(self) -> RemoteState:
        """Ask for the size and the time of change.

        Raises
        ------
        SourceError
            When there is no such file.
        """
        with explaining_remote(self):
            system, path = _find_system(self)
            return RemoteState(self.name, system.info(path))

    @property
    def _pure(self) -> PurePosixPath:
        # Of a chain such as "zip://a.csv::s3://bucket/a.zip" the file in the front.
        return PurePosixPath(str(self).partition("://")[2].partition("::")[0])

    @property
    def _is_compressed(self) -> bool:
        return self.suffix.lower() in _COMPRESSED


@dataclass(frozen=True, slots=True)
class RemoteState:
    """What a server tells of a file, by the names that `os.stat` has for it."""

    name: str
    info: dict[str, Any]

    @property
    def st_size(self) -> int:
        """The size in bytes."""
        size = self.info.get("size")
        if size is None:
            message = (
                f"the server of {self.name} does not tell its size; "
                "download it, and give the path of the file"
            )
            raise SourceError(message)
        return int(size)

    @property
    def st_mtime_ns(self) -> int:
        """The time of change, or a number of what the server has instead."""
        for key in _TIMES:
            time = self.info.get(key)
            if isinstance(time, datetime):
                return int(time.timestamp() * 1e9)
            if isinstance(time, (int, float)):
                return int(time * 1e9)
        tags = [str(self.info[key]) for key in (*_TIMES, *_TAGS) if self.info.get(key)]
        if not tags:
            message = (
                f"the server of {self.name} does not tell when it changed, so no run "
                "can go on where another stopped; download it, and give that file"
            )
            raise SourceError(message)
        digest = hashlib.sha256("\n".join(tags).encode()).digest()
        return int.from_bytes(digest[:6], "big")


class _RemoteFile(io.BufferedIOBase):
    """A file of fsspec, whose failures are sentences."""

    def __init__(self, file: Any, path: RemotePath) -> None:
        self._file = file
        self._path = path

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        with explaining_remote(self._path):
            data: bytes = self._file.read(-1 if size is None else size)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with explaining_remote(self._path):
            return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def is_url(source: Any) -> bool:
    """Tell whether text is a URL, other than that of a file on this machine."""
    return (
        isinstance(source, str)
        and _URL.match(source) is not None
        and not source.startswith("file://")
    )


def find_remote_files(url: str) -> list[RemotePath]:
    """Return the files that a URL, that of a folder, or a pattern stands for, by name.

    Of a folder those at any depth below it, without hidden ones and those that begin
    with an underscore, which other programs write beside their data.

    Raises
    ------
    SourceError
        When there is none, or nothing that reads such a URL.
    """
    given = RemotePath(url)
    with explaining_remote(given):
        system, path = _find_system(given)
        if _GLOB & set(str(given)):
            found = system.glob(path)
        elif not system.isfile(path) and system.isdir(path):
            found = [
                name
                for name in system.find(path)
                if not _is_aside(name[len(path.rstrip("/")) :])
            ]
        else:
            return [given]
    if not found:
        message = f"no file can be reached at {given}; check its spelling"
        raise SourceError(message)
    # What chains file systems, such as "simplecache::" in front, stays around each.
    protocol, _, rest = url.partition("://")
    before = protocol[: protocol.rfind("::") + 2] if "::" in protocol else ""
    after = rest[rest.find("::") :] if "::" in rest else ""
    return [
        RemotePath(f"{before}{system.unstrip_protocol(name)}{after}")
        for name in sorted(found)
    ]


@contextmanager
def opened(path: Path | RemotePath) -> Iterator[Any]:
    """Give what pyarrow reads a file by: a local path itself, else the open file."""
    if isinstance(path, Path):
        yield path
        return
    with path.open() as file:
        yield file


@contextmanager
def explaining_remote(path: RemotePath) -> Iterator[None]:
    """Turn what fsspec and its file systems raise into a sentence with its remedy."""
    try:
        yield
    except FileNotFoundError as error:
        message = f"no file can be reached at {path}; check its spelling"
        raise SourceError(message) from error
    except ImportError as error:
        message = (
            f"{path} needs another library ({error}); install it with pip, or "
            "download the file"
        )
        raise SourceError(message) from error
    except _errors_of_systems() as error:
        said = str(error) or type(error).__name__
        message = (
            f"{path} cannot be read ({said}); check the URL and the access to it, or "
            "download the file"
        )
        raise SourceError(message) from error


# Errors of the libraries below the file systems, which have no common kind.
_ERRORS = (
    ("aiohttp", "ClientError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("gcsfs.retry", "HttpError"),
)


def _errors_of_systems() -> tuple[type[Exception], ...]:
    loaded = [(sys.modules.get(module), name) for module, name in _ERRORS]
    own = [getattr(module, name) for module, name in loaded if module is not None]
    return (OSError, ValueError, asyncio.TimeoutError, *own)


def _is_aside(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in PurePosixPath(name).parts)


def _find_system(path: RemotePath) -> tuple[Any, str]:
    fsspec = import_library("fsspec", "a URL")
    system, inner = fsspec.core.url_to_fs(path.url)
    return system, inner
