"""The page of memory that a process and its watcher share.

Each field is an integer of eight bytes, which is written and read at once, so neither
waits for the other. The watcher must stay small, so this module imports almost nothing.
"""

from __future__ import annotations

import mmap
import os
import struct

_FIELDS = (
    # Written by the process: the mark for it and its children, and the memory to be
    # left below each limit (0 for none).
    "mark_bytes",
    "reserve_bytes",
    # The same for marks that only warn.
    "warn_bytes",
    "warn_reserve_bytes",
    # The number of the running cell, 0 between cells; the memory in use when it started
    # or the last one ended.
    "cell",
    "start_bytes",
    # When that cell began, as in `programs`: the tick, and the latest process.
    "began_tick",
    "began_pid",
    # Whether Ctrl-C is never sent, because a cell runs in a thread that would not get
    # it.
    "keeps_ctrl_c",
    # Whether the limit on data is in force, and the limits as they were found.
    "limits_data",
    "soft_limit",
    "hard_limit",
    # Whether a library that aborts on failed allocations is loaded.
    "aborts",
    # The last cell whose stop was handled, so that nothing stronger is needed.
    "handled_cell",
    # Written by the watcher: its process, the time of its last reading, and whether it
    # sleeps because there is no mark.
    "pid",
    "read_ns",
    "asleep",
    # The memory of the process and its children, of the children alone, and what is
    # left until the first mark. Negative above it.
    "used_bytes",
    "children_bytes",
    "room_bytes",
    # Memory that is left until the first limit at which the system would kill.
    "available_bytes",
    # The cell that was last stopped, the use at that moment, and Ctrl-C sent to it.
    "stopped_cell",
    "stopped_bytes",
    "interrupted_cell",
    # The cell whose programs were interrupted, because it did not handle the signal.
    "programs_cell",
    # The last cell that was seen running, and the most that was read since it started
    # of what was in use and of what the process had reserved.
    "peak_cell",
    "peak_bytes",
    "peak_data_bytes",
)
_OFFSETS = {name: 8 * number for number, name in enumerate(_FIELDS)}
_INTEGER = struct.Struct("=q")


class SharedPage:
    """The fields, as a mapping of integers.

    Parameters
    ----------
    descriptor : int
        The file of the page, from `make_page`.
    """

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, mmap.PAGESIZE)

    def __getitem__(self, field: str) -> int:
        value: int = _INTEGER.unpack_from(self._memory, _OFFSETS[field])[0]
        return value

    def __setitem__(self, field: str, value: int) -> None:
        _INTEGER.pack_into(self._memory, _OFFSETS[field], value)

    def close(self) -> None:
        """Unmap the page."""
        self._memory.close()


def make_page() -> int:
    """Create a page and return its file, which has no name."""
    # A Python built against an old C library has none, also on Linux.
    if hasattr(os, "memfd_create"):
        descriptor: int = os.memfd_create("memkit-guard")
    else:
        import tempfile  # noqa: PLC0415 - not needed by the watcher

        descriptor, path = tempfile.mkstemp()
        os.unlink(path)  # noqa: PTH108 - pathlib is large
    # The watcher does not need it.
    from jupyter_memkit.techniques.processes.descriptors import (  # noqa: PLC0415
        move_above_streams,
    )

    descriptor = move_above_streams(descriptor)
    os.truncate(descriptor, mmap.PAGESIZE)
    return descriptor
