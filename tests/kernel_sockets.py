"""Kernels that listen to files.

A port that was free when a kernel's manager chose it can be taken by another test
before the kernel listens, which ends the kernel.
"""

from __future__ import annotations

from pathlib import Path

from traitlets.config import Config


def with_sockets_in(folder: Path) -> Config:
    """Return the configuration of a manager whose kernel listens to files.

    Parameters
    ----------
    folder : Path
        A folder of the test, whose path is short: the path of a socket has at most 107
        bytes.
    """
    return Config(KernelManager={"transport": "ipc", "ip": str(folder / "kernel")})
