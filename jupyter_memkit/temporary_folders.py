"""Temporary folders that another process removes if their own was killed.

A folder is in use while its lock is held. The system releases the lock when a process
ends for any reason, so the next process can identify leftover folders.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from jupyter_memkit.file_lock import lock_file

_LOCK = "in-use"


class TemporaryFolder:
    """A folder that only this user can read, with its lock.

    Parameters
    ----------
    parent : Path
        Where it is created.
    prefix : str
        The beginning of its name, by which `remove_left` finds it.

    Raises
    ------
    OSError
        If it cannot be created.

    Examples
    --------
    >>> with TemporaryFolder(Path(tempfile.gettempdir()), "memkit-example-") as folder:
    ...     folder.path.is_dir()
    True
    >>> folder.path.exists()
    False
    """

    def __init__(self, parent: Path, prefix: str) -> None:
        self.pid = os.getpid()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
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

    def __enter__(self) -> TemporaryFolder:  # noqa: PYI034 - Python 3.10 has no Self
        """Return the folder."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove it."""
        self.remove()

    def remove(self) -> None:
        """Remove the folder; files that are still mapped remain usable."""
        os.close(self._lock)
        # A forked child has a copy of this object, but does not own the folder.
        if self.pid == os.getpid():
            shutil.rmtree(self.path, ignore_errors=True)


def remove_left(parent: Path, prefix: str) -> int:
    """Remove the leftover folders of killed processes.

    Parameters
    ----------
    parent : Path
        The folder to search.
    prefix : str
        The beginning of their names.

    Returns
    -------
    int
        The size of the removed files, in bytes.
    """
    return sum(map(_remove_unless_used, parent.glob(f"{prefix}*")))


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
