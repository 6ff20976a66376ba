"""Looks at places all over a file, of which the types of its columns are told."""

from __future__ import annotations

from pathlib import Path

HEAD_BYTES = 1 << 20

_LOOK_BYTES = 16 << 10
_LOOKS = 64


def read_looks(path: Path, start: int) -> bytes:
    """Return whole lines from places all over a plain file, behind its head.

    Parameters
    ----------
    path : Path
        The file. A line's end is one everywhere: a look may begin in a quoted value.
    start : int
        Where the head ends, in bytes.
    """
    step = (path.stat().st_size - start) // _LOOKS
    looks = []
    with path.open("rb") as stream:
        if step <= _LOOK_BYTES:
            stream.seek(max(0, start - 1))
            stream.readline()
            return stream.read()
        for number in range(_LOOKS):
            stream.seek(start + (number + 1) * step - _LOOK_BYTES)
            data = stream.read(_LOOK_BYTES)
            looks.append(data[data.find(b"\n") + 1 : data.rfind(b"\n") + 1])
    return b"".join(looks)
