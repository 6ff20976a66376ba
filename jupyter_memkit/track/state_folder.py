"""The folder for the states of kernels, beside their connection files.

Those may be in the folder for temporary files, where other users could have created
ours: its name has the user's id there, and it is used only if it belongs to the user.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

_NAME = "jupyter_memkit"


def find_state_folder(connections: Path) -> Path:
    """Return the folder for states.

    Parameters
    ----------
    connections : Path
        The folder of the connection files.
    """
    if _is_shared(connections):
        return connections / f"{_NAME}-{os.getuid()}"
    return connections / _NAME


def is_trusted(folder: Path) -> bool:
    """Return whether a folder for states exists, and no other user has created it."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return not _is_shared(folder.parent) or (
        stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    )


def _is_shared(folder: Path) -> bool:
    """Return whether all users can create files in a folder."""
    if sys.platform == "win32":
        return False
    try:
        return bool(folder.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return False
