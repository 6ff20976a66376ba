"""The folders of spilled values, which belong to this process and end with it."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jupyter_memkit import temporary_folders
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.paths import expand_home
from jupyter_memkit.temporary_folders import TemporaryFolder

_PREFIX = "jupyter-memkit-spill-"

# File systems whose files are memory.
_IN_MEMORY = frozenset({"ramfs", "tmpfs"})

# The folder for large temporary files.
_LARGE = "/var/tmp"  # noqa: S108 - the folder in it has a unique name


_folders: dict[Path, TemporaryFolder] = {}


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
            own = _folders[parent] = TemporaryFolder(parent, _PREFIX)
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
    places = [parent] if parent else list(_find_defaults())
    return sum(temporary_folders.remove_left(place, _PREFIX) for place in places)


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
