"""Reads the messages of an Arrow file without their data.

pyarrow shows the rows of a batch, and how many values are missing, only after it has
read the batch. Both are in the message before the data, a flatbuffer: tables of
offsets.
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

_BLOCK = "<qi4xq"  # The position of a batch, in the footer.


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A record batch.

    Attributes
    ----------
    offset : int
        The position of its message in the file, in bytes.
    rows : int
        Its number of rows.
    nulls : tuple of int
        The number of missing values in each column, including nested ones.
    is_compressed : bool
        Whether its data are compressed.
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
    """Read the headers of the batches; the footer of a file gives their positions.

    Raises
    ------
    SourceError
        If it is not an Arrow file, or is truncated.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(len(_FILE_MAGIC))
        if not magic:
            message = f"{path.name} is empty; there is nothing to run over"
            raise SourceError(message)
        if magic.startswith(_OLD_FEATHER_MAGIC):
            message = (
                f"{path.name} is a Feather file of version 1; convert it with "
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
        # The offset of the batch, the bytes of its message, and those of its data.
        place = _follow(data, blocks or 0) + 4 + number * struct.calcsize(_BLOCK)
        offset, _, body_bytes = struct.unpack_from(_BLOCK, data, place)
        head = _read_length(file, offset)
        if head is None or offset + body_bytes > size:
            raise _broken(path, "it is truncated")
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
            raise _broken(path, "it is truncated") if start else _not_arrow(path)
        kind, body_bytes, batch = _read_message(file.read(length), start)
        if not start and kind != _SCHEMA:
            raise _not_arrow(path)
        start += head_bytes + length + body_bytes
        if start > size:
            raise _broken(path, "it is truncated")
        if batch is not None:
            batches.append(batch)
    if not start:
        raise _not_arrow(path)
    return batches


def _broken(path: Path, why: str) -> SourceError:
    return SourceError(
        f"{path.name} is not a complete Arrow file ({why}); write or download it again"
    )


def _not_arrow(path: Path) -> SourceError:
    return SourceError(
        f"{path.name} is neither an Arrow file nor an Arrow stream; check the program "
        "that wrote it"
    )


def _read_length(file: IO[bytes], start: int) -> tuple[int, int] | None:
    """Return the bytes before a message and its length; None at the end."""
    file.seek(start)
    head = file.read(8)
    if len(head) < 8:
        return None
    mark, length = struct.unpack("<ii", head)
    if mark == _CONTINUATION:
        return (8, length) if length else None
    # The format before version 0.15.
    file.seek(start + 4)
    return (4, mark) if mark else None


def _read_message(data: bytes, offset: int) -> tuple[int, int, Batch | None]:
    """Return the kind of a message, the bytes of its data, and its batch, if any."""
    message = _Table(data, _follow(data, 0))
    kind = message.number(1, "<B")
    body_bytes = message.number(3, "<q")
    if kind != _BATCH:
        return kind, body_bytes, None
    header = message.table(2)
    nodes = header.position(1)
    nulls: tuple[int, ...] = ()
    if nodes is not None:
        # The length and the number of missing values of each column.
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
    """Return the target of an offset, which is relative to its own position."""
    return position + int(struct.unpack_from("<I", data, position)[0])


def _count(data: bytes, position: int) -> int:
    """Return the length of the list that an offset points to."""
    return int(struct.unpack_from("<I", data, _follow(data, position))[0])


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of a flatbuffer: its fields may be missing."""

    data: bytes
    start: int

    def position(self, field: int) -> int | None:
        """Return the position of a field, or None if it is missing."""
        slots = self.start - int(struct.unpack_from("<i", self.data, self.start)[0])
        slot = 4 + 2 * field
        if slots < 0 or slot >= struct.unpack_from("<H", self.data, slots)[0]:
            return None
        offset = int(struct.unpack_from("<H", self.data, slots + slot)[0])
        return self.start + offset if offset else None

    def number(self, field: int, form: str) -> int:
        """Return a number, which is 0 if its field is missing."""
        position = self.position(field)
        if position is None:
            return 0
        return int(struct.unpack_from(form, self.data, position)[0])

    def table(self, field: int) -> _Table:
        """Return a table nested in this one."""
        position = self.position(field)
        if position is None:
            raise IndexError
        return _Table(self.data, _follow(self.data, position))
