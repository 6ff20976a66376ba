"""The connection of a parent and its child: records on two pipes, and shared memory.

A record is a letter, a number, and that many bytes. Large data do not go through the
pipes: they are copied in pieces through memory that both processes map, so that one
process copies in while the other copies out. At most 40 MiB of the data exist a third
time, and the mapping has no name, so it cannot be left behind.

The alternatives are slower: mapping the child's own memory costs about as much as three
plain copies, because it is done page by page, and a pipe costs even more.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import sys
import threading
from typing import BinaryIO, NamedTuple

from jupyter_memkit.techniques.processes.descriptors import move_above_streams

# A call; a message and output of the child; the end of a call; Ctrl-C, with the number
# of the call that it is meant for.
CALL = b"c"
MESSAGE = b"m"
OUTPUT = b"o"
IDLE = b"i"
INTERRUPT = b"k"

# Of a pickled object: bytes, bytes in a piece of the shared memory, a buffer whose
# bytes follow, the end, the end of one that cannot be pickled; the receipt of a piece.
BYTES = b"s"
PIECE = b"p"
BUFFER = b"b"
END = b"e"
ABORT = b"a"
TAKEN = b"t"

# Enough to continue while the other process waits for a core of a busy machine.
PIECE_BYTES = 4 << 20
N_PIECES = 10

# What a pipe holds.
_READ_BYTES = 64 << 10

_HEADER = struct.Struct("<cQ")


class Record(NamedTuple):
    """A record from the other process."""

    kind: bytes
    length: int
    payload: bytes = b""


class Channel:
    """Records to and from another process.

    Parameters
    ----------
    reads, writes : binary file
        The two pipes. One that is read by a thread must not be buffered: closing a
        buffered one would wait for that thread.
    memory : mmap
        The shared memory, of `PIECE_BYTES` times `N_PIECES` bytes.
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

    def notify(self, kind: bytes, number: int) -> None:
        """Send a record with a number in place of bytes."""
        self._send(kind, number, b"")

    def _send(self, kind: bytes, length: int, payload: bytes | memoryview) -> None:
        with self._lock:
            self._writes.write(_HEADER.pack(kind, length))
            self._writes.write(payload)
            self._writes.flush()

    def receive(self) -> Record | None:
        """Wait for a record; return None if the other process has ended."""
        try:
            header = self._read(_HEADER.size)
            if len(header) < _HEADER.size:
                return None
            kind, length = _HEADER.unpack(header)
            if kind in (PIECE, BUFFER, TAKEN, INTERRUPT):
                return Record(kind, length)
            payload = self._read(length)
        except (OSError, ValueError):
            return None
        return Record(kind, length, payload) if len(payload) == length else None

    def _read(self, length: int) -> bytes:
        """Return this many bytes; fewer if the other process has ended."""
        parts = []
        while length and (part := self._reads.read(min(length, _READ_BYTES))):
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def piece(self, number: int) -> memoryview:
        """Return the shared memory of a piece."""
        start = number * PIECE_BYTES
        return self._view[start : start + PIECE_BYTES]

    def free_pieces(self) -> None:
        """Return the memory of all pieces to the system while none is in use."""
        if hasattr(mmap, "MADV_REMOVE"):
            # Not all file systems support it; the next object then reuses the memory.
            with contextlib.suppress(OSError):
                self._memory.madvise(mmap.MADV_REMOVE)

    def close(self) -> None:
        """Close the pipes and the shared memory."""
        for pipe in (self._reads, self._writes):
            # Closing flushes, and the other process may have ended.
            with contextlib.suppress(OSError):
                pipe.close()
        with contextlib.suppress(BufferError):
            # A traceback may hold a piece, and with it the memory.
            self._view.release()
            self._memory.close()


def make_memory() -> tuple[mmap.mmap, str, tuple[int, ...]]:
    """Return shared memory, the name for `open_memory`, and the files to inherit.

    The caller closes the files when the child has started.
    """
    n_bytes = PIECE_BYTES * N_PIECES
    if sys.platform == "win32":
        name = f"memkit-{os.getpid()}-{os.urandom(8).hex()}"
        return mmap.mmap(-1, n_bytes, tagname=name), name, ()
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("memkit")
    else:
        import tempfile  # noqa: PLC0415 - a child starts faster without it

        with tempfile.TemporaryFile() as opened:
            file = os.dup(opened.fileno())
    file = move_above_streams(file)
    try:
        os.ftruncate(file, n_bytes)
        return mmap.mmap(file, n_bytes), str(file), (file,)
    except OSError:
        os.close(file)
        raise


def open_memory(name: str) -> mmap.mmap:
    """Return the shared memory that the parent created."""
    n_bytes = PIECE_BYTES * N_PIECES
    if sys.platform == "win32":
        return mmap.mmap(-1, n_bytes, tagname=name)
    memory = mmap.mmap(int(name), n_bytes)
    os.close(int(name))
    return memory
