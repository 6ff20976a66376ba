"""Files at URLs, of which fsspec reads only the parts that are needed.

A `RemotePath` takes the place of a local path: it has a name and a size, and opens as a
seekable binary file.
"""

from __future__ import annotations

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
from jupyter_memkit.techniques.chunked.libraries import import_library

_URL = re.compile(r"[a-z][a-z0-9+.-]+(?:::[a-z][a-z0-9+.-]+)*://", re.IGNORECASE)
_USER = re.compile(r"(?<=://)[^/@]*@")
_QUERY = re.compile(r"(https?://[^?]*)[?].*?(?=::|$)")
_GLOB = frozenset("*?[")

# How many bytes are fetched ahead: few where samples from all over a file are read,
# many where a compressed file is read in small parts.
_AHEAD_BYTES = 256 << 10
_COMPRESSED_AHEAD_BYTES = 4 << 20
_COMPRESSED = frozenset({".gz", ".bz2", ".xz", ".zip", ".zst"})

# The names of the modification time in file systems, and of what can replace it.
_TIMES = ("mtime", "LastModified", "last_modified", "modified", "updated", "created")
_TAGS = ("ETag", "etag", "Last-Modified", "md5Hash", "Content-MD5")


@dataclass(frozen=True, slots=True)
class RemotePath:
    """The path of a file on another machine, with the part of `pathlib.Path` in use.

    Parameters
    ----------
    url : str
        The URL with its protocol; fsspec's own settings hold the credentials.
    """

    url: str

    def __str__(self) -> str:
        """Return the URL without user, password and signature."""
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
        """The name without its extension."""
        return self._pure.stem

    @property
    def suffix(self) -> str:
        """The extension of the name."""
        return self._pure.suffix

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the path, in which the name of a folder may be a column."""
        return self._pure.parts

    def open(self, mode: str = "rb") -> io.BufferedIOBase:
        """Open the file for reading, with random access.

        Raises
        ------
        SourceError
            If there is no such file, or its server cannot send parts of it.
        """
        ahead = _COMPRESSED_AHEAD_BYTES if self._is_compressed else _AHEAD_BYTES
        with explaining_remote(self):
            system, path = _find_system(self)
            file = system.open(path, mode, block_size=ahead, cache_type="readahead")
        try:
            # Some file systems claim that they can seek, but cannot.
            file.seek(1)
            file.seek(0)
        except (OSError, ValueError) as error:
            file.close()
            message = (
                f"the server of {self.name} cannot send parts of it; put simplecache:: "
                "before its URL to download it to a temporary folder first"
            )
            raise SourceError(message) from error
        return _RemoteFile(file, self)

    def stat(self) -> RemoteState:
        """Request the size and the modification time.

        Raises
        ------
        SourceError
            If there is no such file.
        """
        with explaining_remote(self):
            system, path = _find_system(self)
            return RemoteState(self.name, system.info(path))

    @property
    def _pure(self) -> PurePosixPath:
        # In a chain such as "zip://a.csv::s3://bucket/a.zip" the file comes first.
        return PurePosixPath(str(self).partition("://")[2].partition("::")[0])

    @property
    def _is_compressed(self) -> bool:
        return self.suffix.lower() in _COMPRESSED


@dataclass(frozen=True, slots=True)
class RemoteState:
    """The state of a file as its server reports it, with the names of `os.stat`."""

    name: str
    info: dict[str, Any]

    @property
    def st_size(self) -> int:
        """The size in bytes."""
        size = self.info.get("size")
        if size is None:
            message = (
                f"the server of {self.name} does not report its size; "
                "download it, and use the path of the file"
            )
            raise SourceError(message)
        return int(size)

    @property
    def st_mtime_ns(self) -> int:
        """The modification time, or a number made from what replaces it."""
        for key in _TIMES:
            time = self.info.get(key)
            if isinstance(time, datetime):
                return int(time.timestamp() * 1e9)
            if isinstance(time, (int, float)):
                return int(time * 1e9)
        tags = [str(self.info[key]) for key in (*_TIMES, *_TAGS) if self.info.get(key)]
        if not tags:
            message = (
                f"the server of {self.name} does not report when it changed, so a run "
                "cannot be resumed; download it, and use that file"
            )
            raise SourceError(message)
        digest = hashlib.sha256("\n".join(tags).encode()).digest()
        return int.from_bytes(digest[:6], "big")


class _RemoteFile(io.BufferedIOBase):
    """A file of fsspec, whose errors are one sentence each."""

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
    """Return whether this is a URL, other than that of a local file."""
    return (
        isinstance(source, str)
        and _URL.match(source) is not None
        and not source.startswith("file://")
    )


def find_remote_files(url: str) -> list[RemotePath]:
    """Return the files of a URL of a file, a folder or a pattern, sorted by name.

    A folder means all files at any depth below it, except hidden files and those whose
    name starts with an underscore, which other programs write beside their data.

    Raises
    ------
    SourceError
        If there are none, or no library reads such a URL.
    """
    remote = RemotePath(url)
    with explaining_remote(remote):
        system, path = _find_system(remote)
        if _GLOB & set(str(remote)):
            found = system.glob(path)
        elif not system.isfile(path) and system.isdir(path):
            found = [
                name
                for name in system.find(path)
                if not _is_hidden(name[len(path.rstrip("/")) :])
            ]
        else:
            return [remote]
    if not found:
        message = f"no file can be reached at {remote}; check its spelling"
        raise SourceError(message)
    # A chain of file systems, such as "simplecache::" in front, stays around each.
    protocol, _, rest = url.partition("://")
    before = protocol[: protocol.rfind("::") + 2] if "::" in protocol else ""
    after = rest[rest.find("::") :] if "::" in rest else ""
    return [
        RemotePath(f"{before}{system.unstrip_protocol(name)}{after}")
        for name in sorted(found)
    ]


@contextmanager
def opened(path: Path | RemotePath) -> Iterator[Any]:
    """Yield what pyarrow takes for a file: a local path itself, or the open file."""
    if isinstance(path, Path):
        yield path
        return
    with path.open() as file:
        yield file


@contextmanager
def explaining_remote(path: RemotePath) -> Iterator[None]:
    """Raise the errors of fsspec and its file systems as one sentence with a remedy."""
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
        reason = str(error) or type(error).__name__
        message = (
            f"{path} cannot be read ({reason}); check the URL and the access to it, "
            "download the file, or put simplecache:: before its URL"
        )
        raise SourceError(message) from error


# Errors of the libraries below the file systems, which have no common base class.
_ERRORS = (
    ("aiohttp", "ClientError"),
    ("asyncio", "TimeoutError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("gcsfs.retry", "HttpError"),
)


def _errors_of_systems() -> tuple[type[Exception], ...]:
    loaded = [(sys.modules.get(module), name) for module, name in _ERRORS]
    own = [getattr(module, name) for module, name in loaded if module is not None]
    return (OSError, ValueError, *own)


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in PurePosixPath(name).parts)


def _find_system(path: RemotePath) -> tuple[Any, str]:
    fsspec = import_library("fsspec", "a URL")
    system, inner = fsspec.core.url_to_fs(path.url)
    return system, inner
