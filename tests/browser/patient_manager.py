"""A kernel manager that culls nothing until a test is ready for it."""

from __future__ import annotations

from pathlib import Path

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

READY = "ready"


class PatientManager(AsyncMappingKernelManager):
    """Begins to cull when a file exists in the server's folder.

    Otherwise a kernel that takes long to start on a busy machine would be culled before
    it has run a cell.
    """

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Cull a kernel if it is idle."""
        if self._is_ready():
            await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]

    def _is_ready(self) -> bool:
        return Path(self.root_dir, READY).exists()
