"""Cuts a stream into blocks of whole lines, of which some hold quoted line ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.delimited.line_ends import LineEnds

# No line of data is so long; a quote that nothing closes makes one of all the rest.
_MOST_LINE_BYTES = 512 << 20


def cut_lines(
    stream: IO[bytes], wanted_bytes: Callable[[], int], ends: LineEnds, name: str
) -> Iterator[memoryview]:
    """Read blocks of whole lines, about as long as is wanted.

    Parameters
    ----------
    stream : binary file
        From where it stands, which is the start of a line.
    wanted_bytes : callable
        Tells before each block how long it is to be.
    ends : LineEnds
        Where lines end.
    name : str
        How messages call the stream.

    Yields
    ------
    memoryview
        The block, which the next one overwrites: fresh memory for each would cost
        more time than to read the file.

    Raises
    ------
    SourceError
        When a quote is not closed.
    """
    buffer = bytearray()
    rest = 0
    while True:
        # As much again where a line goes on, so that a long one is copied seldom.
        size = max(wanted_bytes(), rest, 1) + rest
        if size > len(buffer):
            # Some more, for blocks of as many rows differ in their bytes.
            begun, buffer = buffer[:rest], bytearray(size + size // 8)
            buffer[:rest] = begun
        count = rest + _fill(stream, memoryview(buffer)[rest:size])
        if count == rest:
            break
        ends.find_last(buffer, rest, count)
        end = ends.last
        if end:
            yield memoryview(buffer)[:end]
            buffer[: count - end] = buffer[end:count]
            ends.move(end)
        rest = count - end
        if rest > _MOST_LINE_BYTES:
            raise _make_quote_error(
                name, f"a line is longer than {_MOST_LINE_BYTES >> 20} MiB"
            )
    if ends.is_inside:
        raise _make_quote_error(name, "EOF inside string")
    if rest:
        yield memoryview(buffer)[:rest]


def _make_quote_error(name: str, why: str) -> SourceError:
    return SourceError(
        f"{name} cannot be parsed ({why}); close the quote that is open, or give "
        "--read quoting=3 where quotes mean nothing"
    )


def _fill(stream: IO[bytes], space: memoryview) -> int:
    """Read until the space is full, or the file ends."""
    count = 0
    while count < len(space):
        read = stream.readinto(space[count:])  # type: ignore[attr-defined] # all have it
        if not read:
            break
        count += read
    return count


def skip_names(head: bytes, separator: str) -> int:
    """Return where the line of names ends, after blank ones and a byte-order mark."""
    start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    blank = b" \t\r\n".replace(separator.encode(), b"")
    while start < len(head):
        end = start + LineEnds(separator).scan_line(head[start:], 0)
        if head[start:end].strip(blank):
            return end
        start = end
    return len(head)


def measure_row(lines: Any, otherwise: float) -> float:
    """Return the bytes of a line, from the end of a block."""
    tail = bytes(lines[-(64 << 10) :])
    count = max(tail.count(b"\n"), tail.count(b"\r"))
    return len(tail) / count if count else max(otherwise, len(tail))


def count_rows(lines: Any) -> int | None:
    """Count lines where each is a row: without quotes and without blank ones."""
    text = bytes(lines)
    ends = text.count(b"\n")
    if text.count(b"\r") not in {0, ends} or text.count(b"\r\n") != text.count(b"\r"):
        return None
    starts = (b"\n\n", b"\n\r", b"\n ", b"\n\t")
    if b'"' in text or any(start in text for start in starts) or text[:1].isspace():
        return None
    return ends + (not text.endswith(b"\n"))


def first_line(block: bytes | memoryview) -> bytes:
    """Return the bytes before the first end of a line, be it quoted or not."""
    data: Any = block.obj if isinstance(block, memoryview) else block
    end = len(block)
    for mark in (b"\n", b"\r"):
        found = data.find(mark, 0, end)
        end = found if found >= 0 else end
    return bytes(block[:end])


def has(block: bytes | memoryview, what: bytes) -> bool:
    """Tell whether a block holds some bytes; a buffer has some after its end too."""
    data: Any = block.obj if isinstance(block, memoryview) else block
    found: int = data.find(what, 0, len(block))
    return found >= 0
