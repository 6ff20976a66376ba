"""Reads lines from all over a file, from which the types are inferred."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jupyter_memkit.techniques.chunked.sources.compressed import is_plain, open_bytes
from jupyter_memkit.techniques.chunked.sources.delimited.cut import (
    cut_lines,
    skip_names,
)
from jupyter_memkit.techniques.chunked.sources.delimited.line_ends import LineEnds

HEAD_BYTES = 1 << 20

_SAMPLE_BYTES = 16 << 10
_SAMPLES = 64
_SKIPPED_BYTES = 1 << 20


def read_head(path: Path, separator: str) -> bytes:
    """Return the first lines of a file: the names, and at least one row."""
    head = bytearray()
    size = path.stat().st_size if is_plain(path) else HEAD_BYTES
    wanted = max(1, min(size, HEAD_BYTES))
    with open_bytes(path) as stream:
        ends = LineEnds(separator)
        for block in cut_lines(stream, lambda: wanted, ends, path.name):
            head += block
            body = head[skip_names(bytes(head), separator) :]
            if body.strip():
                break
    return bytes(head)


def read_guessed_samples(path: Path, start: int) -> bytes:
    """Return what seem to be whole lines, from places all over a file.

    A sample may begin within quotes, and then its lines are not real ones.
    """
    samples = []
    with path.open("rb") as stream:
        for place, size in _find_places(path, start):
            stream.seek(place)
            data = stream.read(size)
            samples.append(data[data.find(b"\n") + 1 : data.rfind(b"\n") + 1])
    return b"".join(samples)


def read_true_samples(path: Path, start: int, separator: str) -> bytes:
    """Return whole lines from the same places.

    All quotes before a place are counted, so the whole file is read once.

    Parameters
    ----------
    path : Path
        A file that is not compressed.
    start : int
        The offset of the start of a line, in bytes.
    separator : str
        The separator of values.
    """
    samples = []
    ends = LineEnds(separator)
    before = b"\n"
    with path.open("rb") as stream:
        stream.seek(start)
        for place, size in _find_places(path, start):
            while (left := place - stream.tell()) > 0:
                data = before + stream.read(min(left, _SKIPPED_BYTES))
                ends.scan(data, 1, len(data))
                ends.move(len(data) - 1)
                before = data[-1:]
            data = before + stream.read(size)
            first = ends.scan_line(data, 1)
            ends.scan(data, first, len(data))
            samples.append(data[first : ends.last])
            ends.move(len(data) - 1)
            before = data[-1:]
    return b"".join(samples)


def _find_places(path: Path, start: int) -> Iterator[tuple[int, int]]:
    """Yield the offset and the size of samples, at the ends of equal parts."""
    step = (path.stat().st_size - start) // _SAMPLES
    size = min(_SAMPLE_BYTES, step)
    for number in range(_SAMPLES):
        yield start + (number + 1) * step - size, size
