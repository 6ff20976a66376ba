"""Reads samples from all over a file, to find the types of its columns."""

from __future__ import annotations

from pathlib import Path

from jupyter_memkit.techniques.chunked.sources.base import spread

HEAD_BYTES = 1 << 20

_SAMPLE_BYTES = 16 << 10
_SAMPLES = 64


def read_samples(path: Path, start: int) -> bytes:
    """Return whole lines from places all over an uncompressed file, after its head.

    Parameters
    ----------
    path : Path
        The file, in which every newline ends a line, also between quotes.
    start : int
        The end of the head, in bytes.
    """
    step = (path.stat().st_size - start) // _SAMPLES
    samples = []
    with path.open("rb") as stream:
        if step <= _SAMPLE_BYTES:
            stream.seek(max(0, start - 1))
            stream.readline()
            return stream.read()
        for number in range(_SAMPLES):
            stream.seek(start + (number + 1) * step - _SAMPLE_BYTES)
            data = stream.read(_SAMPLE_BYTES)
            samples.append(data[data.find(b"\n") + 1 : data.rfind(b"\n") + 1])
    return b"".join(samples)


def find_line_starts(
    path: Path, start: int, count: int, quote: bytes = b""
) -> list[int]:
    """Return the starts of lines that are spread evenly over an uncompressed file.

    Parameters
    ----------
    path : Path
        The file, in which a newline ends a line.
    start : int
        The start of its first line, in bytes.
    count : int
        The most places, with the first line.
    quote : bytes
        What may enclose newlines; places near one are left out.
    """
    starts = []
    with path.open("rb") as stream:
        for place in spread(path.stat().st_size - start, count)[1:]:
            stream.seek(start + place)
            data = stream.read(_SAMPLE_BYTES)
            length = data.find(b"\n") + 1
            if length and not (quote and quote in data):
                starts.append(start + place + length)
    return starts
