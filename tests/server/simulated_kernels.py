"""A kernel manager as the server extension uses it, over any processes."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner


class SimulatedKernel:
    """A kernel that is any process.

    Parameters
    ----------
    process : subprocess.Popen or None
        Its process; None if it runs on another machine.
    """

    shutting_down = False

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        self.provisioner = None
        if process is not None:
            self.provisioner = LocalProvisioner()
            self.provisioner.process = process

    def add_restart_callback(self, _callback: Any, _event: str) -> None:
        """Do nothing, because it is never restarted."""


class SimulatedManager:
    """The kernels of a server.

    Parameters
    ----------
    processes : mapping of str to subprocess.Popen or None
        The process of each kernel, by the kernel's id.
    connection_dir : Path
        The folder for the states that kernels leave.
    """

    def __init__(
        self,
        processes: Mapping[str, subprocess.Popen[bytes] | None],
        connection_dir: Path,
    ) -> None:
        self.connection_dir = str(connection_dir)
        self._kernels = {
            kernel_id: SimulatedKernel(process)
            for kernel_id, process in processes.items()
        }

    def __contains__(self, kernel_id: str) -> bool:
        return kernel_id in self._kernels

    def get_kernel(self, kernel_id: str) -> SimulatedKernel:
        """Return a kernel."""
        return self._kernels[kernel_id]

    def list_kernel_ids(self) -> list[str]:
        """Return the ids of all kernels."""
        return list(self._kernels)

    def list_kernels(self) -> list[dict[str, Any]]:
        """Return all kernels in the server's own interface."""
        return [
            {
                "id": kernel_id,
                "name": "python3",
                "last_activity": "2026-09-21T14:13:20.250000Z",
                "execution_state": "idle",
                "connections": 0,
            }
            for kernel_id in self._kernels
        ]
