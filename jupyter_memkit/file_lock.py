"""A lock on an open file, which the system releases when its process ends."""

from __future__ import annotations

import sys


def lock_file(descriptor: int) -> None:
    """Lock a file until it is closed.

    Parameters
    ----------
    descriptor : int
        The descriptor of the file, which is open for writing.

    Raises
    ------
    BlockingIOError
        If another process has locked it.
    OSError
        If its file system has no locks, like some network file systems.
    """
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - only on Windows

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error
    else:
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
