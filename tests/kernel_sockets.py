"""Kernels that listen to files.

A port that was free when a kernel's manager chose it can be taken by another test
before the kernel listens, which ends the kernel.
"""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from functools import cache

from traitlets.config import Config

SHORT = "/tmp"
"""Where sockets lie, whose path has at most 107 bytes; that of a test may be longer."""

_numbers = itertools.count()


@cache
def _folder() -> str:
    """Create the folder of this process, which is removed at its end."""
    folder = tempfile.mkdtemp(prefix="memkit-", dir=SHORT)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def with_sockets() -> Config:
    """Return the configuration of a manager whose kernel listens to files."""
    ip = f"{_folder()}/{next(_numbers)}"
    return Config(KernelManager={"transport": "ipc", "ip": ip})
