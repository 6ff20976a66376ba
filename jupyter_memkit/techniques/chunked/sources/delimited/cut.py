"""Cuts a stream into blocks of whole lines, which may contain quoted line ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.delimited.line_ends import LineEnds

# No real line is longer, but after an unclosed quote the whole rest is one line.
_MOST_LINE_BYTES = 512 << 20


def cut_lines(
    stream: IO[bytes], wanted_bytes: Callable[[], int], ends: LineEnds, name: str
) -> Iterator[memoryview]:
    """Read blocks of whole lines, about as long as requested.

    Parameters
    ----------
    stream : binary file
        It is read from its current position, which is the start of a line.
    wanted_bytes : callable
        Called before each block; returns how long it should be, in bytes.
    ends : LineEnds
        Finds the ends of the lines.
    name : str
        The name of the stream in messages.

    Yields
    ------
    memoryview
        The block, which the next one overwrites: allocating memory for each would
        take longer than reading it.

    Raises
    ------
    SourceError
        If a quote is not closed.
    """
    buffer = bytearray()
    rest = 0
    while True:
        # Doubled while a line continues, so that a long one is rarely copied.
        size = max(wanted_bytes(), rest, 1) + rest
        if size > len(buffer):
            # With some reserve, because blocks of equally many rows differ in size.
            begun, buffer = buffer[:rest], bytearray(size + size // 8)
            buffer[:rest] = begun
        count = rest + _fill(stream, memoryview(buffer)[rest:size])
        if count == rest:
            break
        ends.find_last(buffer, rest, count)
        # The last line of a file may have no end, and is not a separate block.
        is_whole = count < size and not ends.is_inside
        end = count if is_whole else ends.last
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
        f"{name} cannot be parsed ({why}); close the open quote, or use "
        "--read quoting=3 if quotes are ordinary characters"
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
    """Return where the line of names ends, after blank lines and a byte-order mark."""
    start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    blank = b" \t\r\n".replace(separator.encode(), b"")
    while start < len(head):
        end = start + LineEnds(separator).scan_line(head[start:], 0)
        if head[start:end].strip(blank):
            return end
        start = end
    return len(head)


def measure_row(lines: Any, default: float) -> float:
    """Return the average bytes per line at the end of a block."""
    tail = bytes(lines[-(64 << 10) :])
    count = max(tail.count(b"\n"), tail.count(b"\r"))
    return len(tail) / count if count else max(default, len(tail))


def count_rows(lines: Any) -> int | None:
    """Count the rows of lines without quotes and blank lines; None for others."""
    text = bytes(lines)
    ends = text.count(b"\n")
    if text.count(b"\r") not in {0, ends} or text.count(b"\r\n") != text.count(b"\r"):
        return None
    starts = (b"\n\n", b"\n\r", b"\n ", b"\n\t")
    if b'"' in text or any(start in text for start in starts) or text[:1].isspace():
        return None
    return ends + (not text.endswith(b"\n"))


def first_line(block: bytes | memoryview) -> bytes:
    """Return the bytes before the first line end, quoted or not."""
    data: Any = block.obj if isinstance(block, memoryview) else block
    end = len(block)
    for mark in (b"\n", b"\r"):
        found = data.find(mark, 0, end)
        end = found if found >= 0 else end
    return bytes(block[:end])


def has(block: bytes | memoryview, wanted: bytes) -> bool:
    """Return whether a block contains some bytes; its buffer may be longer."""
    data: Any = block.obj if isinstance(block, memoryview) else block
    # A single byte that is rare is searched for many times as fast.
    return all(data.find(each, 0, len(block)) >= 0 for each in (wanted[-1:], wanted))
