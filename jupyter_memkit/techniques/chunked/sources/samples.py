"""Reads samples from all over a file, to find the types of its columns."""

from __future__ import annotations

from pathlib import Path

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
