"""Memory-mapped files with the bytes of values."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.spilling.folders import open_folder
from jupyter_memkit.techniques.spilling.parts import read_address
from jupyter_memkit.units import format_bytes

# Clearer text for some of the system's error messages.
_LIMITS = {errno.EDQUOT: "the quota is used up", errno.EFBIG: "a limit on files"}

# The number of bytes to write before they are flushed to disk.
_SYNC_BYTES = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedFile:
    """A file that this process has mapped.

    Attributes
    ----------
    path : Path
        Its path.
    bytes : int
        Its size.
    address : int
        The address at which it is mapped.
    """

    path: Path
    bytes: int
    address: int


# By the id of the mapped array.
_files: dict[int, MappedFile] = {}
_watches: dict[int, weakref.ref[Any]] = {}
# The paths of files that are removed with their memory.
_own: dict[str, str] = {}
if hasattr(os, "register_at_fork"):
    # A forked child shares the files, but does not own them.
    os.register_at_fork(after_in_child=_own.clear)


def write_file(
    blocks: Iterator[memoryview],
    total_bytes: int,
    folder: str | os.PathLike[str] | None,
    progress: Callable[[int], object],
) -> Any:
    """Write blocks of bytes to a new file, and map it.

    The file is removed when nothing refers to the mapped memory, when the process ends,
    or if this fails.

    Parameters
    ----------
    blocks : iterator of memoryview
        The bytes, in blocks.
    total_bytes : int
        Their total number.
    folder : path-like, optional
        The parent folder, as in `open_folder`.
    progress : callable
        Called with the number of bytes written.

    Returns
    -------
    numpy.memmap
        The bytes of the file; changes are written to the file.

    Raises
    ------
    MemkitError
        If the disk is full, or cannot be written to.
    """
    import numpy as np  # noqa: PLC0415 - a feature of numpy's

    own = open_folder(folder)
    free_bytes = shutil.disk_usage(own).free
    if free_bytes < total_bytes:
        message = (
            f"{format_bytes(total_bytes)} does not fit on the disk of {own.parent}, "
            f"which has {format_bytes(free_bytes)} free; give a folder on another disk "
            "(--folder)"
        )
        raise MemkitError(message)
    with contextlib.ExitStack() as undo:
        try:
            # Readable only by the user.
            descriptor, name = tempfile.mkstemp(suffix=".bin", dir=own)
            undo.callback(_remove, name, os.getpid())
            with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123 - no path
                _write(file, blocks, progress)
            mapped = np.memmap(name, dtype=np.uint8, mode="r+")
        except OSError as error:
            what = _LIMITS.get(error.errno or 0, error.strerror)
            message = (
                f"writing {format_bytes(total_bytes)} to {own.parent} failed ({what}), "
                "and nothing was changed; give a folder on another disk (--folder)"
            )
            raise MemkitError(message) from error
        undo.pop_all()
    _remember(mapped, name)
    return mapped


def find_file(array: Any) -> MappedFile | None:
    """Return the file of a numpy array; None if it is in memory."""
    address = read_address(array)
    for file in list(_files.values()):
        if file.address <= address < file.address + file.bytes:
            return file
    return None


def list_files() -> list[MappedFile]:
    """Return the mapped files, in the order in which they were created."""
    return list(_files.values())


def read_resident() -> dict[Path, int] | None:
    """Return the resident bytes of each file (proc_pid_smaps(5)).

    Returns
    -------
    dict of Path to int, or None
        Bytes by file; None if the system does not report them.
    """
    found = {file.path: 0 for file in _files.values()}
    path = None
    try:
        with Path("/proc/self/smaps").open(errors="replace") as lines:
            for line in lines:
                if line.startswith("Rss:"):
                    if path in found:
                        found[path] += int(line.split()[1]) * 1024
                elif "-" in line.partition(" ")[0]:
                    fields = line.rstrip("\n").split(None, 5)
                    name = fields[5] if len(fields) == 6 else ""
                    path = Path(name.removesuffix(" (deleted)"))
    except OSError:
        return None
    return found


def _write(
    file: Any,
    blocks: Iterator[memoryview],
    progress: Callable[[int], object],
) -> None:
    done_bytes = synced_bytes = 0
    for block in blocks:
        rest = block
        while rest:
            rest = rest[file.write(rest) :]
        done_bytes += block.nbytes
        # A failed write must be noticed while the original exists. Unwritten pages take
        # memory, too.
        if done_bytes - synced_bytes >= _SYNC_BYTES:
            os.fsync(file.fileno())
            synced_bytes = done_bytes
        progress(done_bytes)
    os.fsync(file.fileno())


def _remember(mapped: Any, name: str) -> None:
    """Keep a file in the list until its memory is released, then remove it.

    The callback is written in C, because a signal that arrived in a Python function
    there would be printed and lost.
    """
    key = id(mapped)
    file = MappedFile(
        path=Path(name), bytes=mapped.nbytes, address=read_address(mapped)
    )
    if os.name == "posix":
        # Windows keeps files that are still mapped; they go with the folder.
        _own[name] = name
    forgotten = map(_files.pop, [key], [None])
    unwatched = map(_watches.pop, [key], [None])
    owned = filter(None, map(_own.pop, [name], [None]))
    present = compress(owned, map(os.access, [name], [os.F_OK]))
    removal = zip(forgotten, unwatched, map(os.unlink, present), strict=False)
    _files[key] = file
    # Called with the reference, which is its unused default.
    _watches[key] = weakref.ref(mapped, partial(next, removal))


def _remove(name: str, pid: int) -> None:
    # A forked child shares the file, but does not own it. Windows keeps files that are
    # still mapped; they are removed with the folder.
    if pid == os.getpid():
        with contextlib.suppress(OSError):
            Path(name).unlink()
