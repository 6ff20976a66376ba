"""What goes between the kernel and a child: records on two pipes, pieces in memory.

A record is a letter, a number, and so many bytes. Large data do not go through the
pipes: they are copied piece by piece into a little memory that both processes map, so
that one copies in while the other copies out. No byte of them is ever a third time in
memory, and there is nothing with a name that somebody would have to remove.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import sys
import tempfile
import threading
from typing import BinaryIO, NamedTuple

# A call, a message of the child's, and the end of what belongs to a call.
CALL = b"c"
MESSAGE = b"m"
OUTPUT = b"o"
IDLE = b"i"
INTERRUPT = b"k"

# Of a pickled object: bytes, a piece of bytes, a buffer whose bytes follow, the end of
# it, the end of one that could not be pickled; and that a piece has been taken.
BYTES = b"s"
PIECE = b"p"
BUFFER = b"b"
END = b"e"
ABORT = b"a"
TAKEN = b"t"

# Enough to work ahead while the other process waits for its turn on a busy machine.
PIECE_BYTES = 4 << 20
N_PIECES = 10

_HEADER = struct.Struct("<cQ")


class Record(NamedTuple):
    """What came from the other process."""

    kind: bytes
    length: int
    payload: bytes = b""


class Channel:
    """Records to and from another process.

    Parameters
    ----------
    reads, writes : binary file
        The two pipes.
    memory : mmap
        What both processes map, of `PIECE_BYTES` times `N_PIECES`.
    """

    def __init__(self, reads: BinaryIO, writes: BinaryIO, memory: mmap.mmap) -> None:
        self._reads = reads
        self._writes = writes
        self._memory = memory
        self._view = memoryview(memory)
        self._lock = threading.Lock()

    def send(self, kind: bytes, payload: bytes | memoryview = b"") -> None:
        """Send a record with its bytes."""
        self._send(kind, len(payload), payload)

    def tell(self, kind: bytes, length: int) -> None:
        """Send a record that has a number alone."""
        self._send(kind, length, b"")

    def _send(self, kind: bytes, length: int, payload: bytes | memoryview) -> None:
        with self._lock:
            self._writes.write(_HEADER.pack(kind, length))
            self._writes.write(payload)
            self._writes.flush()

    def receive(self) -> Record | None:
        """Wait for a record; None when the other process is gone."""
        try:
            header = self._reads.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return None
            kind, length = _HEADER.unpack(header)
            if kind in (PIECE, BUFFER, TAKEN):
                return Record(kind, length)
            payload = self._reads.read(length)
        except (OSError, ValueError):
            return None
        return Record(kind, length, payload) if len(payload) == length else None

    def piece(self, number: int) -> memoryview:
        """Return the memory of a piece."""
        start = number * PIECE_BYTES
        return self._view[start : start + PIECE_BYTES]

    def close(self) -> None:
        """Close the pipes and the memory."""
        for pipe in (self._reads, self._writes):
            # What was not written has nobody to read it.
            with contextlib.suppress(OSError):
                pipe.close()
        with contextlib.suppress(BufferError):
            # A traceback may hold a piece; the memory goes when that goes.
            self._view.release()
            self._memory.close()


def make_memory() -> tuple[mmap.mmap, str, tuple[int, ...]]:
    """Return memory to share, the name under which a child opens it, and its files.

    The files are for the child to inherit, and to be closed here when it has.
    """
    n_bytes = PIECE_BYTES * N_PIECES
    if sys.platform == "win32":
        name = f"memkit-{os.getpid()}-{os.urandom(8).hex()}"
        return mmap.mmap(-1, n_bytes, tagname=name), name, ()
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("memkit")
    else:
        with tempfile.TemporaryFile() as opened:
            file = os.dup(opened.fileno())
    os.ftruncate(file, n_bytes)
    return mmap.mmap(file, n_bytes), str(file), (file,)


def open_memory(name: str) -> mmap.mmap:
    """Return the memory that the parent has made."""
    n_bytes = PIECE_BYTES * N_PIECES
    if sys.platform == "win32":
        return mmap.mmap(-1, n_bytes, tagname=name)
    memory = mmap.mmap(int(name), n_bytes)
    os.close(int(name))
    return memory
