"""Follows the server's kernels, and stores how they ended next to their last states.

Only the parent of a process learns its exit status, and the server is the parent of its
kernels. It notices an end when a page asks, and otherwise when jupyter_client's
restarter does, before it starts the next process.
"""

from __future__ import annotations

import asyncio
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from jupyter_memkit import protocol
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.process import is_running
from jupyter_memkit.server.meters import KernelMeter, reading_message
from jupyter_memkit.track.deaths import Death, find_death, leave_end, leave_name
from jupyter_memkit.track.last_state import Place, remove_state
from jupyter_memkit.track.state_folder import find_state_folder

ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
"""The schema of the events in which jupyter_server reports what it did to a kernel."""

SETTING = "jupyter_memkit_kernels"
"""Where the server's application keeps the `Kernels`, for the tools."""

_POLL_S = 0.02
# Giving back some hundred GiB takes seconds.
_ENDING_POLLS = 500


@dataclass(slots=True)
class _Followed:
    """A kernel whose processes are followed.

    Attributes
    ----------
    kernel : jupyter_client.manager.KernelManager
        Its manager.
    pid : int
        Its latest process.
    died_pid : int
        Its latest process that ended without a request.
    meter : KernelMeter or None
        Reads the latest process.
    """

    kernel: Any
    pid: int = 0
    died_pid: int = 0
    meter: KernelMeter | None = None


class Kernels:
    """The kernels of the server that run on this machine.

    Parameters
    ----------
    manager : jupyter_server.services.kernels.kernelmanager.MappingKernelManager
        The server's kernels.
    """

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._followed: dict[str, _Followed] = {}

    async def on_action(self, *, data: dict[str, Any], **_rest: Any) -> None:
        """Take an event of the schema `ACTIONS`, as `EventLogger` calls it."""
        kernel_id = data.get("kernel_id")
        if kernel_id is None or data["status"] != "success":
            return
        if data["action"] == "shutdown" and kernel_id in self._followed:
            self._forget(kernel_id, self._followed.pop(kernel_id))
        elif data["action"] in ("start", "restart"):
            self.follow(kernel_id)

    def follow(self, kernel_id: str) -> _Followed | None:
        """Notice the end of a kernel's process from now on; None if it is not local."""
        kernel = None
        if kernel_id in self._manager:
            kernel = self._manager.get_kernel(kernel_id)
        if kernel is None or not isinstance(kernel.provisioner, LocalProvisioner):
            return None
        followed = self._followed.get(kernel_id)
        if followed is None or followed.kernel is not kernel:
            self._drop_gone()
            followed = self._followed[kernel_id] = _Followed(kernel)
            noting = functools.partial(self._has_ended, kernel_id, followed)
            kernel.add_restart_callback(noting, "restart")
            kernel.add_restart_callback(noting, "dead")
        process = kernel.provisioner.process
        if process is not None and process.pid != followed.pid:
            self._forget(kernel_id, followed)
            followed.pid = process.pid
        return followed

    async def read(self, kernel_id: str) -> protocol.ServerReading:
        """Return the memory of a kernel's process.

        It is read in a thread, because forked children take milliseconds per GiB.

        Raises
        ------
        MemkitError
            If the kernel runs on another machine, or the system does not allow it.
        """
        followed = self.follow(kernel_id)
        if followed is None:
            message = "the kernel runs on another machine"
            raise MemkitError(message)
        if self._has_ended(kernel_id, followed):
            return reading_message(None)
        if followed.meter is None or followed.meter.pid != followed.pid:
            followed.meter = KernelMeter(followed.pid)
        meter = followed.meter
        try:
            return reading_message(await asyncio.to_thread(meter.read))
        except MemkitError:
            if is_running(meter.pid):
                raise
            return reading_message(None)

    def locate(self, kernel_id: str) -> int | Literal["ended", "elsewhere"]:
        """Return the process of a kernel, or why it has none here."""
        followed = self.follow(kernel_id)
        if followed is None:
            return "elsewhere"
        return "ended" if self._has_ended(kernel_id, followed) else followed.pid

    async def find_death(self, kernel_id: str, place: Place) -> Death | None:
        """Return the last death at a place, unless the user has dismissed it.

        A process that is ending is waited for, because how it ends is known last.
        """
        followed = self.follow(kernel_id)
        if followed is None:
            return find_death(place, dismissed=False)
        death = None
        for _ in range(_ENDING_POLLS):
            has_ended = self._has_ended(kernel_id, followed)
            death = find_death(place, dismissed=False)
            if has_ended or is_running(followed.pid):
                break
            await asyncio.sleep(_POLL_S)
        if place.session:
            leave_name(place)
        return death

    def place(self, kernel_id: str, session: str = "") -> Place:
        """Return where a kernel leaves its last state.

        Parameters
        ----------
        kernel_id : str
            The kernel.
        session : str
            The notebook's path as the kernel has it; empty to select only this kernel.
        """
        return Place(
            folder=find_state_folder(Path(self._manager.connection_dir)),
            session=session,
            kernel_id=f"kernel-{kernel_id}",
        )

    def _has_ended(self, kernel_id: str, followed: _Followed) -> bool:
        """Return whether a kernel's process has ended, and leave how it died."""
        process = followed.kernel.provisioner.process
        if process is None:
            # It was waited for on request, and the next one is about to start.
            self._forget(kernel_id, followed)
            return True
        exit_code = process.poll()
        if exit_code is None:
            return False
        if followed.kernel.shutting_down:
            self._forget(kernel_id, followed)
        elif followed.died_pid != process.pid:
            followed.died_pid = process.pid
            leave_end(self.place(kernel_id).path_of(process.pid), exit_code)
        return True

    def _forget(self, kernel_id: str, followed: _Followed) -> None:
        """Remove the state of a process that was ended by force on request."""
        if followed.pid != followed.died_pid:
            remove_state(self.place(kernel_id).path_of(followed.pid))

    def _drop_gone(self) -> None:
        """Drop kernels that are no longer the server's."""
        self._followed = {
            kernel_id: followed
            for kernel_id, followed in self._followed.items()
            if kernel_id in self._manager
        }
