"""Cuts a stream into blocks of whole lines, of which some hold quoted line ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any

from jupyter_memkit.techniques.chunked.sources.files import import_library

_QUOTE = ord('"')
_CACHED_BYTES = 128 << 10


def cut_lines(
    stream: IO[bytes], wanted_bytes: Callable[[], int]
) -> Iterator[memoryview]:
    """Read blocks of whole lines, about as long as is wanted.

    Parameters
    ----------
    stream : binary file
        From where it stands.
    wanted_bytes : callable
        Tells before each block how long it is to be.

    Yields
    ------
    memoryview
        The block, which the next one overwrites: fresh memory for each would cost
        more time than to read the file.
    """
    buffer = bytearray()
    rest = 0
    while True:
        # One more for the part of a line that the block before left.
        size = max(wanted_bytes(), 1) + rest
        if size > len(buffer):
            buffer = buffer[:rest] + bytearray(size - rest)
        count = rest + _fill(stream, memoryview(buffer)[rest:size])
        if count == rest:
            break
        end = _end_of_lines(buffer, count)
        if end:
            yield memoryview(buffer)[:end]
        buffer[: count - end] = buffer[end:count]
        rest = count - end
    if rest:
        yield memoryview(buffer)[:rest]


def _fill(stream: IO[bytes], space: memoryview) -> int:
    """Read until the space is full, or the file ends."""
    count = 0
    while count < len(space):
        read = stream.readinto(space[count:])  # type: ignore[attr-defined] # all have it
        if not read:
            break
        count += read
    return count


def _end_of_lines(data: bytes | bytearray, count: int) -> int:
    """Return where the last whole line of so many bytes ends; 0 when there is none.

    A line's end within double quotes is none.
    """
    end = data.rfind(b"\n", 0, count) + 1
    if data.find(b'"', 0, count) < 0:
        return end
    inside = _count_quotes(data, end) % 2
    while end and inside:
        previous = data.rfind(b"\n", 0, end - 1) + 1
        inside ^= data.count(b'"', previous, end) % 2
        end = previous
    return end


def _count_quotes(data: bytes | bytearray, end: int) -> int:
    """Count double quotes, several times faster than ``data.count`` where many are."""
    numpy = import_library("numpy", "quotes")
    text = numpy.frombuffer(data, numpy.uint8, end)
    # In parts that stay in the processor's cache.
    starts = range(0, end, _CACHED_BYTES)
    parts = (text[start : start + _CACHED_BYTES] == _QUOTE for start in starts)
    return sum(map(numpy.count_nonzero, parts))


def whole_lines(data: bytes) -> bytes:
    """Return the whole lines at the front of bytes, or all of them if none is whole."""
    return data[: _end_of_lines(data, len(data))] or data


def skip_names(head: bytes) -> int:
    """Return where the line of names ends, after empty ones and a byte-order mark."""
    start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    while head[start : start + 1] in {b"\r", b"\n"}:
        start += 1
    end, inside = start, 0
    while True:
        previous, end = end, head.find(b"\n", end) + 1
        if not end:
            return len(head)
        inside ^= head.count(b'"', previous, end) % 2
        if not inside:
            return end


def measure_row(lines: Any, otherwise: float) -> float:
    """Return the bytes of a line, from the end of a block."""
    tail = bytes(lines[-(64 << 10) :])
    count = tail.count(b"\n")
    return len(tail) / count if count else otherwise


def count_rows(lines: Any) -> int | None:
    """Count lines where each is a row: without quotes and without empty ones."""
    text = bytes(lines)
    if b'"' in text or b"\n\n" in text or b"\r\n\r\n" in text or text[:1] in b"\r\n":
        return None
    return text.count(b"\n") + (not text.endswith(b"\n"))
