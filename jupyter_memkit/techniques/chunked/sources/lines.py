"""Files whose rows are lines: blocks of whole lines, which a function parses.

Unlike in CSV, a line also ends between quotes, so that a stray quote in a log does not
join the rest to one line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Loaded, Piece, Request
from jupyter_memkit.techniques.chunked.sources.compressed import (
    explaining_breaks,
    is_plain,
    open_bytes,
    read_range,
)
from jupyter_memkit.techniques.chunked.sources.samples import HEAD_BYTES

# Takes a block of whole lines and the position of its first byte; returns its rows.
Parse = Callable[[bytes, int], Any]

MARK = b"\xef\xbb\xbf"  # A byte-order mark, which some editors write.

_BLANKS = b" \t\r"
_EMPTY_LINE = re.compile(rb"\n[ \t\r]*\n")


def line_pieces(
    path: Path,
    request: Request,
    parse: Parse,
    *,
    row_bytes: float,
    skips_empty: bool,
) -> Generator[Piece, None, None]:
    """Cut a file into blocks of whole lines.

    Parameters
    ----------
    path : Path
        The file, which may be compressed.
    request : Request
        The request for the pieces; its start and end are positions in bytes.
    parse : callable
        Converts a block to rows. If pieces are loaded in other processes, it is sent
        there.
    row_bytes : float
        The approximate length of a line.
    skips_empty : bool
        Whether empty lines are skipped, instead of being rows.

    Yields
    ------
    Piece
    """
    with explaining_breaks(path), open_bytes(path) as stream:
        size = path.stat().st_size if is_plain(path) else None
        start = request.start
        if start is None:
            start = len(MARK) if stream.read(len(MARK)) == MARK else 0
        stream.seek(start)
        in_any_order = request.separate and is_plain(path)
        read_block = partial(
            _read_block,
            stream,
            request,
            skips_empty=skips_empty,
            can_seek=is_plain(path),
        )
        while True:
            # A block leaves the list when it is handed out.
            ready = [read_block(start, row_bytes)]
            end = start + len(ready[0])
            if end == start:
                return
            rows = None
            if request.exact or request.portable:
                rows = count_rows(ready[0], skips_empty=skips_empty)
            row_bytes = _measure(ready[0], row_bytes)
            yield Piece(
                load=_make_load(
                    path, ready, start, parse, is_sent=request.portable or in_any_order
                ),
                start=start,
                end=end,
                rows=rows,
                fraction=end / size if size else None,
                is_separate=in_any_order,
            )
            start = end
            if start == request.end:
                return


def _make_load(
    path: Path, ready: list[bytes], start: int, parse: Parse, *, is_sent: bool
) -> Callable[[], Any]:
    """Return the function that loads a block; if sent, by its position if possible."""
    block = ready.pop()
    if not is_sent:
        return _Unparsed(block, parse, start)
    if is_plain(path):
        return partial(_load_range, path, start, start + len(block), parse)
    return Loaded(parse(block, start))


class _Unparsed:
    """A block in memory: a `Piece.load` that drops its reference."""

    def __init__(self, block: bytes, parse: Parse, start: int) -> None:
        self._block = [block]
        self._parse = parse
        self._start = start

    def __call__(self) -> Any:
        return self._parse(self._block.pop(), self._start)


def _read_block(
    stream: IO[bytes],
    request: Request,
    start: int,
    row_bytes: float,
    *,
    skips_empty: bool,
    can_seek: bool,
) -> bytes:
    """Read as many whole lines as are requested."""
    if request.end is not None:
        return stream.read(request.end - start)
    wanted = request.rows()
    if request.exact:
        return b"".join(_take_lines(stream, wanted, skips_empty))
    n_bytes = max(1, int(wanted * row_bytes))
    if can_seek:
        # Finding where the last line ends first avoids a copy of the block.
        stream.seek(start + n_bytes - 1)
        n_bytes += len(stream.readline()) - 1
        stream.seek(start)
        return stream.read(n_bytes)
    block = stream.read(n_bytes)
    return block if block.endswith(b"\n") else block + stream.readline()


def _take_lines(
    stream: IO[bytes],
    rows: int,
    skips_empty: bool,  # noqa: FBT001 - as it was given
) -> Iterator[bytes]:
    while rows:
        line = stream.readline()
        if not line:
            return
        yield line
        if not skips_empty or line.strip():
            rows -= 1


def count_rows(block: bytes, *, skips_empty: bool) -> int:
    """Return the rows of a block of whole lines."""
    # Most blocks have no empty lines, and counting ends is ten times as fast.
    if skips_empty and _may_have_empty_lines(block):
        return sum(1 for line in block.split(b"\n") if line.strip())
    return block.count(b"\n") + (not block.endswith(b"\n"))


def _may_have_empty_lines(block: bytes) -> bool:
    if block[:1].isspace() or _EMPTY_LINE.search(block):
        return True
    return block[-1:] in _BLANKS and block.rstrip(_BLANKS).endswith(b"\n")


def _measure(block: bytes, otherwise: float) -> float:
    """Return the bytes of a line, from the end of a block."""
    tail = block[-(64 << 10) :]
    count = tail.count(b"\n")
    return len(tail) / count if count else max(otherwise, len(tail))


def _load_range(path: Path, start: int, end: int, parse: Parse) -> Any:
    """Read a block in another process, and parse it."""
    with explaining_breaks(path):
        block = read_range(path, start, end)
    return parse(block, start)


def read_head(path: Path) -> bytes:
    """Return whole lines from the start of a file, without a byte-order mark.

    Raises
    ------
    SourceError
        If the file is empty.
    """
    with explaining_breaks(path), open_bytes(path) as stream:
        head = stream.read(HEAD_BYTES)
        head = head if head.endswith(b"\n") else head + stream.readline()
    head = head.removeprefix(MARK)
    if not head:
        message = f"{path.name} is empty; there is nothing to run over"
        raise SourceError(message)
    return head


def read_line_number(path: Path, start: int) -> int:
    """Return the number of the line, from 1, that starts at a byte."""
    lines = 1
    with open_bytes(path) as stream:
        while start > 0:
            block = stream.read(min(start, HEAD_BYTES))
            if not block:
                break
            lines += block.count(b"\n")
            start -= len(block)
    return lines
