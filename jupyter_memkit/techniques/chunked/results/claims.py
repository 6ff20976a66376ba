"""Claims a file for one run: other processes are refused until this one ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from jupyter_memkit.file_lock import lock_file


class Claim:
    """A claim on a name, which ends with the process if nothing else ends it.

    Parameters
    ----------
    path : Path
        An empty file, which is locked. It is removed at the end.

    Raises
    ------
    BlockingIOError
        If another run has the claim.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] = path.open("ab")
        # Whoever had it may have removed the file just now.
        if not (_try_lock(self._file.fileno()) and self._is_current()):
            self._file.close()
            raise BlockingIOError

    def end(self) -> None:
        """Remove the file, then let another run have the claim."""
        # Windows removes no open file.
        with suppress(OSError):
            self._path.unlink()
        self._file.close()
        if sys.platform == "win32":
            with suppress(OSError):
                self._path.unlink()

    def _is_current(self) -> bool:
        """Return whether the locked file is still the one of this name."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False


def _try_lock(descriptor: int) -> bool:
    """Lock a file until it is closed; False if another process has it."""
    try:
        lock_file(descriptor)
    except BlockingIOError:
        return False
    except OSError:
        # Without locks no process is refused.
        return True
    return True
