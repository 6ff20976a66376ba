"""Sends objects over a channel: the pickle as a stream, and large buffers separately.

Neither process ever holds the whole pickle. A buffer, such as the data of an array, is
sent when the pickler reaches it, and read into fresh private memory, which is writable
and goes back to the system when the object is deleted.
"""

from __future__ import annotations

import mmap
import pickle
import sys
from collections import deque
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.techniques.processes.channel import (
    ABORT,
    BUFFER,
    BYTES,
    END,
    N_PIECES,
    PIECE,
    PIECE_BYTES,
    TAKEN,
    Channel,
    Record,
)
from jupyter_memkit.techniques.processes.pickling import Pickler
from jupyter_memkit.techniques.processes.room import check_room

# Smaller buffers stay in the pickle; smaller data go through the pipe.
_BUFFER_BYTES = 64 << 10
_PIECED_BYTES = 1 << 20

# The number in a piece's record combines the number of the piece and its size.
_NUMBER_SHIFT = 32
_BYTES_MASK = (1 << _NUMBER_SHIFT) - 1

# Larger buffers are refused if there is no room for them.
_LARGE_BYTES = 256 << 20


class Aborted(Exception):  # noqa: N818 - the other process knows the reason
    """The object could not be pickled."""


def send_object(
    channel: Channel,
    take: Callable[[], Record],
    value: Any,
    namespace: Mapping[str, Any] | None = None,
    left_out: AbstractSet[str] | None = frozenset(),
    known: AbstractSet[str] = frozenset(),
) -> int:
    """Send an object, and return the number of its bytes.

    Parameters
    ----------
    channel : Channel
        The connection to the other process.
    take : callable
        Returns the next record from the other process.
    value : object
        The object.
    namespace, left_out, known
        As in `Pickler`.

    Raises
    ------
    Exception
        Raised by the pickler, or by code of the object; the other process is informed.
    """
    sender = _Sender(channel, take)
    try:
        pickler = Pickler(
            sender,
            sender.take_buffer,
            namespace,
            left_out=left_out,
            known=known,
            # A returned value was made there, and nothing is missing here.
            reports_caches=left_out is not None,
        )
        pickler.dump(value)
    except BaseException:
        sender.end(ABORT)
        raise
    sender.end(END)
    return sender.n_bytes


def receive_object(
    channel: Channel, take: Callable[[], Record], *, checks_room: bool
) -> tuple[Any, int]:
    """Receive an object, and return it with the number of its bytes.

    Raises
    ------
    Aborted
        If the other process could not send it.
    IsolatedError
        If there is no room for it.
    Exception
        Raised by code of the object, or by the import of its module.
    """
    receiver = _Receiver(channel, take, checks_room=checks_room)
    try:
        value = pickle.Unpickler(receiver, buffers=receiver).load()  # noqa: S301 - ours
    finally:
        receiver.finish()
    return value, receiver.n_bytes


class _Sender:
    """The file that the pickler writes."""

    def __init__(self, channel: Channel, take: Callable[[], Record]) -> None:
        self.n_bytes = 0
        self._channel = channel
        self._take = take
        self._free = list(range(N_PIECES))

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._put(view)
        return len(view)

    def take_buffer(self, buffer: pickle.PickleBuffer) -> bool:
        """Send a buffer; return True to keep it in the pickle."""
        view = buffer.raw()
        if len(view) < _BUFFER_BYTES:
            return True
        self._channel.notify(BUFFER, len(view))
        self._put(view)
        return False

    def end(self, kind: bytes) -> None:
        self._channel.notify(kind, 0)
        while len(self._free) < N_PIECES:
            self._await_taken()

    def _put(self, view: memoryview) -> None:
        self.n_bytes += len(view)
        if len(view) < _PIECED_BYTES:
            self._channel.send(BYTES, view)
            return
        for start in range(0, len(view), PIECE_BYTES):
            if not self._free:
                self._await_taken()
            number = self._free.pop()
            part = view[start : start + PIECE_BYTES]
            self._channel.piece(number)[: len(part)] = part
            self._channel.notify(PIECE, number << _NUMBER_SHIFT | len(part))

    def _await_taken(self) -> None:
        record = self._take()
        assert record.kind == TAKEN, "nothing else comes while an object is sent"
        self._free.append(record.length)


class _Receiver:
    """The file that the unpickler reads, and its buffers."""

    def __init__(
        self, channel: Channel, take: Callable[[], Record], *, checks_room: bool
    ) -> None:
        self.n_bytes = 0
        self._channel = channel
        self._take = take
        self._checks_room = checks_room
        self._chunk = memoryview(b"")
        self._piece: int | None = None
        self._buffers: deque[Any] = deque()
        self._has_pieces = self._has_ended = False

    def __iter__(self) -> _Receiver:
        return self

    def __next__(self) -> Any:
        return self._buffers.popleft()

    def readinto(self, target: Any) -> int:
        view = memoryview(target).cast("B")
        done = 0
        while done < len(view):
            if not self._chunk:
                self._fetch()
            n_bytes = min(len(self._chunk), len(view) - done)
            view[done : done + n_bytes] = self._chunk[:n_bytes]
            done += n_bytes
            self._skip(n_bytes)
        return done

    def read(self, n_bytes: int) -> bytes:
        if len(self._chunk) >= n_bytes:
            data = bytes(self._chunk[:n_bytes])
            self._skip(n_bytes)
            return data
        buffer = bytearray(n_bytes)
        self.readinto(buffer)
        return bytes(buffer)

    def readline(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            line += self.read(1)
        return line

    def finish(self) -> None:
        """Drop the rest of the object, so that the next record is not a part of it."""
        self._skip(len(self._chunk))
        self._chunk = memoryview(b"")
        while not self._has_ended:
            record = self._take()
            if record.kind == PIECE:
                self._has_pieces = True
                self._channel.notify(TAKEN, record.length >> _NUMBER_SHIFT)
            self._has_ended = record.kind in (END, ABORT)
        if self._has_pieces:
            # They count as memory of both processes. The sender no longer uses them.
            self._channel.free_pieces()

    def _fetch(self) -> None:
        """Take the next record: bytes, or a buffer."""
        record = self._take()
        if record.kind == BUFFER:
            self._buffers.append(self._read_buffer(record.length))
        elif record.kind == PIECE:
            self._has_pieces = True
            self._piece = record.length >> _NUMBER_SHIFT
            n_bytes = record.length & _BYTES_MASK
            self._chunk = self._channel.piece(self._piece)[:n_bytes]
            self.n_bytes += n_bytes
        elif record.kind == BYTES:
            self._chunk = memoryview(record.payload)
            self.n_bytes += record.length
        else:
            self._has_ended = True
            raise Aborted if record.kind == ABORT else EOFError

    def _read_buffer(self, n_bytes: int) -> Any:
        if self._checks_room and n_bytes >= _LARGE_BYTES:
            check_room(n_bytes)
        buffer = _allocate(n_bytes)
        self.readinto(buffer)
        return buffer

    def _skip(self, n_bytes: int) -> None:
        self._chunk = self._chunk[n_bytes:]
        if self._piece is not None and not self._chunk:
            self._channel.notify(TAKEN, self._piece)
            self._piece = None


def _allocate(n_bytes: int) -> Any:
    """Allocate memory; if large, it goes back to the system as soon as it is freed."""
    if n_bytes < _PIECED_BYTES:
        return bytearray(n_bytes)
    try:
        if sys.platform == "win32":
            return mmap.mmap(-1, n_bytes)
        # Private, so that a process forked later cannot write to it.
        memory = mmap.mmap(-1, n_bytes, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise IsolatedError(str(error)) from error
    if hasattr(mmap, "MADV_HUGEPAGE"):
        try:
            memory.madvise(mmap.MADV_HUGEPAGE)
        except OSError:
            # Huge pages are faster, but not all systems have them.
            return memory
    return memory
