"""The folders of spilled values, which belong to this process and end with it.

A folder is in use while its lock is held. The system releases the lock when a process
ends for any reason, so the next process can identify leftover folders.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.file_lock import lock_file
from jupyter_memkit.paths import expand_home

_PREFIX = "jupyter-memkit-spill-"
_LOCK = "in-use"

# File systems whose files are memory.
_IN_MEMORY = frozenset({"ramfs", "tmpfs"})

# The folder for large temporary files.
_LARGE = "/var/tmp"  # noqa: S108 - the folder in it has a unique name


class _Folder:
    """A folder in a parent, with its lock."""

    def __init__(self, parent: Path) -> None:
        self.pid = os.getpid()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                lock_file(self._lock)
            except BlockingIOError:
                # Another process mistook the new folder for a leftover.
                os.close(self._lock)
            except OSError:
                return  # Without locks, this cannot happen.
            else:
                return

    def remove(self) -> None:
        """Remove the folder; files that are still mapped remain usable."""
        os.close(self._lock)
        # A forked child has a copy of this object, but does not own the folder.
        if self.pid == os.getpid():
            shutil.rmtree(self.path, ignore_errors=True)


_folders: dict[Path, _Folder] = {}


def open_folder(folder: str | os.PathLike[str] | None) -> Path:
    """Return this process's folder for files, and remove leftovers of others.

    Parameters
    ----------
    folder : path-like, optional
        The parent folder; by default the system's folder for temporary files, or
        ``/var/tmp`` if that is in memory.

    Raises
    ------
    MemkitError
        If there is no such folder, or its files are in memory.
    """
    parent = _choose_parent(folder)
    own = _folders.get(parent)
    if own is None or own.pid != os.getpid() or not own.path.exists():
        remove_left(parent)
        if not _folders:
            atexit.register(remove_folders)
        try:
            own = _folders[parent] = _Folder(parent)
        except OSError as error:
            message = (
                f"no file can be created in {parent} ({error.strerror}); give another "
                "folder (--folder)"
            )
            raise MemkitError(message) from error
    return own.path


def remove_folders() -> None:
    """Remove the folders of this process."""
    atexit.unregister(remove_folders)
    while _folders:
        _folders.popitem()[1].remove()


def remove_left(parent: Path | None = None) -> int:
    """Remove the leftover folders of killed processes.

    Parameters
    ----------
    parent : Path, optional
        The folder to search; by default the folders for temporary files.

    Returns
    -------
    int
        The size of the removed files, in bytes.
    """
    removed_bytes = 0
    for place in [parent] if parent else list(_find_defaults()):
        for path in place.glob(f"{_PREFIX}*"):
            removed_bytes += _remove_unless_used(path)
    return removed_bytes


def is_in_memory(folder: Path) -> bool:
    """Return whether a folder's files are in memory; False if unknown (not Linux)."""
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}" if os.name == "posix" else ""
    try:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return False
    return any(
        mount.split()[2] == number
        and mount.partition(" - ")[2].split()[0] in _IN_MEMORY
        for mount in mounts
    )


def _choose_parent(folder: str | os.PathLike[str] | None) -> Path:
    if folder is None:
        for place in _find_defaults():
            return place
        message = (
            f"{tempfile.gettempdir()} is itself in memory, so no memory would be "
            "freed; give a folder on a disk (--folder)"
        )
        raise MemkitError(message)
    # Resolved, as in the system's list of mapped files.
    parent = expand_home(folder).resolve()
    if not parent.is_dir():
        message = f"there is no folder {folder}; create it first, or leave it out"
        raise MemkitError(message)
    if is_in_memory(parent):
        message = (
            f"{folder} is itself in memory, so no memory would be freed; give a folder "
            "on a disk"
        )
        raise MemkitError(message)
    return parent


def _find_defaults() -> Iterator[Path]:
    """Yield the folders for temporary files that are on a disk, the usual one first."""
    for name in (tempfile.gettempdir(), _LARGE):
        place = Path(name).resolve()
        if place.is_dir() and os.access(place, os.W_OK) and not is_in_memory(place):
            yield place


def _remove_unless_used(folder: Path) -> int:
    """Remove a folder that is no longer in use, and return the size of its files."""
    own_user = os.getuid() if sys.platform != "win32" else 0
    with contextlib.suppress(OSError):
        if folder.is_symlink() or folder.stat().st_uid != own_user:
            return 0
        lock = os.open(folder / _LOCK, os.O_RDWR)
        try:
            lock_file(lock)
            held_bytes = sum(path.stat().st_size for path in folder.iterdir())
        finally:
            os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)
        return held_bytes
    return 0
