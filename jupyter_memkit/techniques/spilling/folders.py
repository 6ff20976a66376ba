"""Where spilled values lie: a folder of this process's own, which ends with it.

A folder is in use for as long as its lock is held. The system lets go of the lock when
a process ends, however it ends, so the next one knows what was left.
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
from jupyter_memkit.paths import expand_home

_PREFIX = "jupyter-memkit-spill-"
_LOCK = "in-use"

# File systems whose files are memory.
_IN_MEMORY = frozenset({"ramfs", "tmpfs"})

# Where temporary files go that are large.
_LARGE = "/var/tmp"  # noqa: S108 - the folder in it has a name of its own


class _Folder:
    """A folder in a parent, with its lock."""

    def __init__(self, parent: Path) -> None:
        self.pid = os.getpid()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                _lock(self._lock)
            except BlockingIOError:
                # Another process took the new folder for one that was left.
                os.close(self._lock)
            except OSError:
                return  # Without locks nobody will take it for one.
            else:
                return

    def remove(self) -> None:
        """Remove it; what is still mapped lives on without a name."""
        os.close(self._lock)
        # A forked child has a copy of this object, and not the folder.
        if self.pid == os.getpid():
            shutil.rmtree(self.path, ignore_errors=True)


_folders: dict[Path, _Folder] = {}


def open_folder(folder: str | os.PathLike[str] | None) -> Path:
    """Return this process's folder for files, and remove what others have left.

    Parameters
    ----------
    folder : path-like, optional
        Where it is made; the system's folder for temporary files when left out, or
        ``/var/tmp`` where that is in memory.

    Raises
    ------
    MemkitError
        When there is no such folder, or what it holds is in memory.
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
                f"no file can be made in {parent} ({error.strerror}); give another "
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
    """Remove what processes that were killed have left.

    Parameters
    ----------
    parent : Path, optional
        Where to look; where files go by default when left out.

    Returns
    -------
    int
        How many bytes that were.
    """
    removed_bytes = 0
    for place in [parent] if parent else list(_find_defaults()):
        for path in place.glob(f"{_PREFIX}*"):
            removed_bytes += _remove_unless_used(path)
    return removed_bytes


def is_in_memory(folder: Path) -> bool:
    """Tell whether the files of a folder are memory, where the system tells (Linux)."""
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
            f"{tempfile.gettempdir()} is itself in memory, where nothing would be won; "
            "give a folder on a disk (--folder)"
        )
        raise MemkitError(message)
    # As the system names it in the list of what is mapped.
    parent = expand_home(folder).resolve()
    if not parent.is_dir():
        message = f"there is no folder {folder}; make it first, or leave it out"
        raise MemkitError(message)
    if is_in_memory(parent):
        message = (
            f"{folder} is itself in memory, where nothing would be won; give a folder "
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
    """Remove a folder that nobody uses any more, and return what it held."""
    own_user = os.getuid() if sys.platform != "win32" else 0
    with contextlib.suppress(OSError):
        if folder.is_symlink() or folder.stat().st_uid != own_user:
            return 0
        lock = os.open(folder / _LOCK, os.O_RDWR)
        try:
            _lock(lock)
            held_bytes = sum(path.stat().st_size for path in folder.iterdir())
        finally:
            os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)
        return held_bytes
    return 0


def _lock(descriptor: int) -> None:
    """Lock a file until it is closed; BlockingIOError when another process has it."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - only there

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error
    else:
        import fcntl  # noqa: PLC0415 - not there

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
