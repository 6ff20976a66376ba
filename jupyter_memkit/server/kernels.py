"""Follows the server's kernels, and leaves how they ended beside their last states.

Only the parent of a process learns its exit status, and the server is the parent of its
kernels. It notices an end when a page asks, and otherwise when jupyter_client's
restarter does, before it starts the next process.
"""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from jupyter_memkit import protocol
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.process import is_running
from jupyter_memkit.server.meters import KernelMeter, ended_reading
from jupyter_memkit.track.deaths import Death, find_death, leave_end
from jupyter_memkit.track.last_state import Place, remove_state

ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
"""The schema of the events in which jupyter_server reports what it did to a kernel."""

_POLL_S = 0.02
# Giving back some hundred GiB takes seconds.
_ENDING_POLLS = 500


class Kernels:
    """The kernels of the server that run on this machine.

    Parameters
    ----------
    manager : jupyter_server.services.kernels.kernelmanager.MappingKernelManager
        The server's kernels.
    """

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._followed: dict[str, Any] = {}
        self._pids: dict[str, int] = {}
        self._died: dict[str, int] = {}
        self._meters: dict[str, KernelMeter] = {}

    async def on_action(self, *, data: dict[str, Any], **_rest: Any) -> None:
        """Take an event of the schema `ACTIONS`, as `EventLogger` calls it."""
        kernel_id = data.get("kernel_id")
        if kernel_id is None or data["status"] != "success":
            return
        if data["action"] in ("shutdown", "restart"):
            self._forget(kernel_id)
        if data["action"] in ("start", "restart"):
            self.follow(kernel_id)

    def follow(self, kernel_id: str) -> None:
        """Notice the end of a kernel's process from now on."""
        kernel = self._find_local(kernel_id)
        if kernel is None:
            return
        if self._followed.get(kernel_id) is not kernel:
            self._followed[kernel_id] = kernel
            noting = functools.partial(self._has_ended, kernel_id, kernel)
            kernel.add_restart_callback(noting, "restart")
            kernel.add_restart_callback(noting, "dead")
        if kernel.provisioner.process is not None:
            self._pids[kernel_id] = kernel.provisioner.process.pid

    def read(self, kernel_id: str) -> protocol.ServerReading:
        """Return the memory of a kernel's process.

        Raises
        ------
        MemkitError
            If the kernel runs on another machine, or the system does not allow it.
        """
        self.follow(kernel_id)
        kernel = self._find_local(kernel_id)
        if kernel is None:
            message = "the kernel runs on another machine"
            raise MemkitError(message)
        if self._has_ended(kernel_id, kernel):
            return ended_reading()
        pid = kernel.provisioner.process.pid
        meter = self._meters.get(kernel_id)
        if meter is None or meter.pid != pid:
            meter = self._meters[kernel_id] = KernelMeter(pid)
        try:
            return meter.read()
        except MemkitError:
            if is_running(pid):
                raise
            return ended_reading()

    async def find_death(self, kernel_id: str, place: Place) -> Death | None:
        """Return the last death at a place, unless the user has dismissed it.

        A process that is ending is waited for, because how it ends is known last.
        """
        self.follow(kernel_id)
        kernel = self._find_local(kernel_id)
        if kernel is None:
            return find_death(place, dismissed=False)
        death = None
        for _ in range(_ENDING_POLLS):
            has_ended = self._has_ended(kernel_id, kernel)
            death = find_death(place, dismissed=False)
            if has_ended or is_running(self._pids[kernel_id]):
                break
            await asyncio.sleep(_POLL_S)
        return death

    def place(self, kernel_id: str, session: str = "") -> Place:
        """Return where a kernel leaves its last state.

        Parameters
        ----------
        kernel_id : str
            The kernel.
        session : str
            The notebook as the kernel knows it; empty for this kernel alone.
        """
        return Place(
            folder=Path(self._manager.connection_dir) / "jupyter_memkit",
            session=session,
            kernel_id=f"kernel-{kernel_id}",
        )

    def _find_local(self, kernel_id: str) -> Any:
        """Return the manager of a kernel that runs on this machine; None otherwise."""
        if kernel_id not in self._manager:
            return None
        kernel = self._manager.get_kernel(kernel_id)
        return kernel if isinstance(kernel.provisioner, LocalProvisioner) else None

    def _has_ended(self, kernel_id: str, kernel: Any) -> bool:
        """Return whether a kernel's process has ended, and leave how if it died."""
        process = kernel.provisioner.process
        if process is None:
            # The next one is about to start.
            return True
        exit_code = process.poll()
        if exit_code is None:
            return False
        # Otherwise it ended on request.
        if not kernel.shutting_down and self._died.get(kernel_id) != process.pid:
            self._died[kernel_id] = process.pid
            leave_end(self.place(kernel_id).path_of(process.pid), exit_code)
        return True

    def _forget(self, kernel_id: str) -> None:
        """Remove the state of a process that was ended by force on request."""
        self._meters.pop(kernel_id, None)
        if kernel_id not in self._manager:
            self._followed.pop(kernel_id, None)
        pid = self._pids.pop(kernel_id, None)
        if pid is not None and self._died.pop(kernel_id, None) != pid:
            remove_state(self.place(kernel_id).path_of(pid))
