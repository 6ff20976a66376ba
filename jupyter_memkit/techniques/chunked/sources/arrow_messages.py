"""What the messages of an Arrow file tell without their data.

pyarrow tells the rows of a batch, and how many values are missing, only after it has
read it. Both stand in the message before the data, a flatbuffer: tables of offsets.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jupyter_memkit.errors import SourceError

_FILE_MAGIC = b"ARROW1"
_OLD_FEATHER_MAGIC = b"FEA1"

_SCHEMA, _BATCH = 1, 3  # Kinds of messages.
_CONTINUATION = -1

_BLOCK = "<qi4xq"  # Where a batch is, in the footer.


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A record batch.

    Attributes
    ----------
    offset : int
        Where its message begins in the file, in bytes.
    rows : int
        Its rows.
    nulls : tuple of int
        The missing values of each column, those in nested columns too.
    is_compressed : bool
        Whether its data are.
    """

    offset: int
    rows: int
    nulls: tuple[int, ...]
    is_compressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The record batches of a file, and whether it is a stream."""

    batches: tuple[Batch, ...]
    is_stream: bool


def read_contents(path: Path) -> Contents:
    """Read the heads of the batches: of a file where its footer says that they are.

    Raises
    ------
    SourceError
        When it is no Arrow file, or breaks off.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(len(_FILE_MAGIC))
        if not magic:
            message = f"{path.name} is empty; there is nothing to run over"
            raise SourceError(message)
        if magic.startswith(_OLD_FEATHER_MAGIC):
            message = (
                f"{path.name} is of version 1 of Feather; write it again with "
                "pandas.read_feather(...).to_feather(...)"
            )
            raise SourceError(message)
        is_stream = magic != _FILE_MAGIC
        read = _read_stream if is_stream else _read_file
        try:
            batches = read(file, path, size)
        except (struct.error, IndexError) as error:
            raise _not_arrow(path) from error
        return Contents(batches=tuple(batches), is_stream=is_stream)


def _read_file(file: IO[bytes], path: Path, size: int) -> list[Batch]:
    tail_bytes = 4 + len(_FILE_MAGIC)
    file.seek(max(0, size - tail_bytes))
    tail = file.read()
    if size < 8 + tail_bytes or not tail.endswith(_FILE_MAGIC):
        raise _broken(path, "it has no footer")
    length = int(struct.unpack_from("<i", tail)[0])
    if not 0 < length <= size - tail_bytes:
        raise _broken(path, "it has no footer")
    file.seek(size - tail_bytes - length)
    data = file.read(length)
    footer = _Table(data, _follow(data, 0))
    blocks = footer.position(3)
    batches = []
    for number in range(0 if blocks is None else _count(data, blocks)):
        # Of each batch its offset, the bytes of its message, and those of its data.
        place = _follow(data, blocks or 0) + 4 + number * struct.calcsize(_BLOCK)
        offset, _, body_bytes = struct.unpack_from(_BLOCK, data, place)
        head = _read_length(file, offset)
        if head is None or offset + body_bytes > size:
            raise _broken(path, "it breaks off")
        _, _, batch = _read_message(file.read(head[1]), offset)
        if batch is not None:
            batches.append(batch)
    return batches


def _read_stream(file: IO[bytes], path: Path, size: int) -> list[Batch]:
    batches: list[Batch] = []
    start = 0
    while head := _read_length(file, start):
        head_bytes, length = head
        if not 0 < length <= size - start:
            raise _broken(path, "it breaks off") if start else _not_arrow(path)
        kind, body_bytes, batch = _read_message(file.read(length), start)
        if not start and kind != _SCHEMA:
            raise _not_arrow(path)
        start += head_bytes + length + body_bytes
        if start > size:
            raise _broken(path, "it breaks off")
        if batch is not None:
            batches.append(batch)
    if not start:
        raise _not_arrow(path)
    return batches


def _broken(path: Path, why: str) -> SourceError:
    return SourceError(
        f"{path.name} is no whole Arrow file ({why}); write or fetch it again"
    )


def _not_arrow(path: Path) -> SourceError:
    return SourceError(
        f"{path.name} is neither an Arrow file nor a stream; check what wrote it"
    )


def _read_length(file: IO[bytes], start: int) -> tuple[int, int] | None:
    """Return the bytes before a message and those of it; None at the end."""
    file.seek(start)
    head = file.read(8)
    if len(head) < 8:
        return None
    mark, length = struct.unpack("<ii", head)
    if mark == _CONTINUATION:
        return (8, length) if length else None
    # As it was before version 0.15.
    file.seek(start + 4)
    return (4, mark) if mark else None


def _read_message(data: bytes, offset: int) -> tuple[int, int, Batch | None]:
    """Return the kind of a message, the bytes of its data, and the batch it is."""
    message = _Table(data, _follow(data, 0))
    kind = message.number(1, "<B")
    body_bytes = message.number(3, "<q")
    if kind != _BATCH:
        return kind, body_bytes, None
    header = message.table(2)
    nodes = header.position(1)
    nulls: tuple[int, ...] = ()
    if nodes is not None:
        # Of each column its length and its missing values.
        form = f"<{2 * _count(data, nodes)}q"
        numbers = struct.unpack_from(form, data, _follow(data, nodes) + 4)
        nulls = numbers[1::2]
    batch = Batch(
        offset=offset,
        rows=header.number(0, "<q"),
        nulls=nulls,
        is_compressed=header.position(3) is not None,
    )
    return kind, body_bytes, batch


def _follow(data: bytes, position: int) -> int:
    """Return where an offset leads, which counts from itself."""
    return position + int(struct.unpack_from("<I", data, position)[0])


def _count(data: bytes, position: int) -> int:
    """Return the length of the list to which an offset leads."""
    return int(struct.unpack_from("<I", data, _follow(data, position))[0])


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of a flatbuffer: its fields may be missing."""

    data: bytes
    start: int

    def position(self, field: int) -> int | None:
        """Return where a field is."""
        slots = self.start - int(struct.unpack_from("<i", self.data, self.start)[0])
        slot = 4 + 2 * field
        if slots < 0 or slot >= struct.unpack_from("<H", self.data, slots)[0]:
            return None
        offset = int(struct.unpack_from("<H", self.data, slots + slot)[0])
        return self.start + offset if offset else None

    def number(self, field: int, form: str) -> int:
        """Return a number, which is 0 where it is left out."""
        position = self.position(field)
        if position is None:
            return 0
        return int(struct.unpack_from(form, self.data, position)[0])

    def table(self, field: int) -> _Table:
        """Return a table in this one."""
        position = self.position(field)
        if position is None:
            raise IndexError
        return _Table(self.data, _follow(self.data, position))
