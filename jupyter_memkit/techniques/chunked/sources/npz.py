"""Archives of arrays: mapped, or read in sequence if they are compressed."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import Loaded, Piece, Request
from jupyter_memkit.techniques.chunked.sources.files import FileSource, file_fingerprint
from jupyter_memkit.techniques.chunked.sources.ranges import (
    check_options,
    choose_key,
    range_pieces,
)
from jupyter_memkit.techniques.chunked.sources.stored_array import (
    StoredArray,
    choose_fields,
    read_header,
)
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file

_ENDING = ".npy"

# In a zip archive, the size of the header of a member, and the position of the lengths
# of its name and extra field.
_ZIP_HEADER_BYTES = 30
_ZIP_LENGTHS_AT = 26

_SKIP_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NpzSource(FileSource):
    """The arrays of a ``.npz`` file: dicts of them, or a single array itself.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        ``key``, the name of the array to read, if only one is needed.
    """

    backend: None = None

    @property
    def total_rows(self) -> int:
        """The length of the first axis of all arrays."""
        rows: int = next(iter(self._members().values())).array.shape[0]
        return rows

    @property
    def row_bytes(self) -> float:
        """The bytes of a row in all arrays."""
        return sum(member.array.row_bytes for member in self._members().values())

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of the arrays, or the fields of a single one."""
        members = self._members()
        if len(members) > 1:
            return tuple(members)
        names: tuple[str, ...] | None = next(iter(members.values())).array.dtype.names
        return names

    def fingerprint(self) -> Any:
        """Return the size and modification time of the file, and the array's name."""
        return [file_fingerprint(self.path), self.options.get("key")]

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Map the arrays, or read them in sequence if they are compressed."""
        members = self._members()
        total, fields = self.total_rows, request.columns or None
        # A single array is a chunk as it is, and its columns are its fields.
        is_one = len(members) == 1
        if not is_one and fields is not None:
            members, fields = {name: members[name] for name in fields}, None
        make = partial(_make_chunk, is_one=is_one, backend=request.backend)
        if not any(member.is_compressed for member in members.values()):
            stored = {name: member.array for name, member in members.items()}
            load = partial(_read_mapped, stored, fields, make)
            yield from range_pieces(request, total, load)
            return
        with ExitStack() as stack:
            streams = {
                name: stack.enter_context(_open_member(member, request.start or 0))
                for name, member in members.items()
            }

            def read(start: int, stop: int) -> Any:
                return make(
                    {
                        name: choose_fields(
                            _read_stream(streams[name], member.array, stop - start),
                            fields,
                        )
                        for name, member in members.items()
                    }
                )

            for piece in range_pieces(request, total, read, is_separate=False):
                ready = [piece]
                del piece
                if request.portable:
                    ready.append(_with_data(ready.pop()))
                yield ready.pop()

    def _members(self) -> dict[str, _Member]:
        """Return the arrays to read, which have the same length."""
        check_options(self.name, self.options, "key")
        key = self.options.get("key")
        with explaining(self.path), zipfile.ZipFile(self.path) as archive:
            infos = {
                info.filename.removesuffix(_ENDING): info for info in archive.infolist()
            }
            if key is not None or not infos:
                key = choose_key(self.name, key, list(infos), "array")
                infos = {key: infos[key]}
            members = {
                name: self._find_member(archive, name, info)
                for name, info in infos.items()
            }
        lengths = {
            name: (*member.array.shape, None)[0] for name, member in members.items()
        }
        if len(set(lengths.values())) > 1:
            described = ", ".join(
                f"{name}: {'a single value' if length is None else f'{length:,}'}"
                for name, length in lengths.items()
            )
            message = (
                f"the arrays of {self.name} have different lengths ({described}); "
                f"use one of them, such as --read key={next(iter(lengths))}"
            )
            raise SourceError(message)
        for member in members.values():
            member.check()
        return members

    def _find_member(
        self, archive: zipfile.ZipFile, name: str, info: zipfile.ZipInfo
    ) -> _Member:
        label = f"{name} in {self.name}"
        with archive.open(info) as stream:
            shape, by_columns, dtype = read_header(stream, label)
            header_bytes = stream.tell()
        with self.path.open("rb") as raw:
            raw.seek(info.header_offset + _ZIP_LENGTHS_AT)
            n_name, n_extra = struct.unpack("<HH", raw.read(4))
        start = info.header_offset + _ZIP_HEADER_BYTES + n_name + n_extra
        array = StoredArray(
            path=self.path,
            name=label,
            dtype=dtype,
            shape=shape,
            offset=start + header_bytes,
            by_columns=by_columns,
        )
        is_compressed = info.compress_type != zipfile.ZIP_STORED
        return _Member(
            array=array,
            file=info.filename,
            header_bytes=header_bytes,
            is_compressed=is_compressed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """An array in an archive; its offset is valid only if it is not compressed."""

    array: StoredArray
    file: str
    header_bytes: int
    is_compressed: bool

    def check(self) -> None:
        """Reject arrays that cannot be read some rows at a time."""
        if not self.is_compressed:
            self.array.check()
            return
        self.array.check_kind()
        if self.array.by_columns and len(self.array.shape) > 1:
            message = (
                f"{self.array.name} is compressed and stored column by column; save "
                "it again with numpy.savez, or from numpy.ascontiguousarray(...)"
            )
            raise SourceError(message)


@contextmanager
def _open_member(member: _Member, first_row: int) -> Iterator[IO[bytes]]:
    """Open an array of an archive at a row."""
    path = member.array.path
    with (
        explaining(path),
        zipfile.ZipFile(path) as archive,
        archive.open(member.file) as stream,
    ):
        left = member.header_bytes + first_row * member.array.row_bytes
        while left and (data := stream.read(min(left, _SKIP_BYTES))):
            left -= len(data)
        yield stream


def _read_stream(stream: IO[bytes], stored: StoredArray, rows: int) -> Any:
    """Read the next rows."""
    numpy = import_library("numpy", stored.name)
    array = numpy.empty((rows, *stored.shape[1:]), stored.dtype)
    space = memoryview(array.reshape(-1).view(numpy.uint8)) if array.nbytes else b""
    done = 0
    with explaining(stored.path):
        while done < len(space):
            count = stream.readinto(space[done:])  # type: ignore[attr-defined] # it has
            if not count:
                message = f"{stored.name} is truncated; write or download it again"
                raise SourceError(message)
            done += count
    return array


def _read_mapped(
    stored: Mapping[str, StoredArray],
    fields: tuple[str, ...] | None,
    make: Any,
    start: int,
    stop: int,
) -> Any:
    return make({name: one.read(start, stop, fields) for name, one in stored.items()})


def _make_chunk(arrays: dict[str, Any], *, is_one: bool, backend: str | None) -> Any:
    """Return a chunk: a single array, or a dict of arrays."""
    if is_one:
        return next(iter(arrays.values()))
    if backend == "numpy":
        numpy = import_library("numpy", "arrays")
        return numpy.column_stack(list(arrays.values()))
    return arrays


def _with_data(piece: Piece) -> Piece:
    return Piece(
        load=Loaded(piece.load()),
        start=piece.start,
        end=piece.end,
        rows=piece.rows,
        fraction=piece.fraction,
    )


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Raise the errors of a damaged archive as one sentence."""
    try:
        yield
    except FileNotFoundError:
        raise  # Not about what is in the file.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        message = (
            f"{path.name} is not a complete .npz file ({error}); save or download it "
            "again"
        )
        raise SourceError(message) from error
