"""Lists the server's kernels with their memory.

The memory is read in a thread, so that the server answers other requests meanwhile. All
requests within a second share one list, so that ten pages cost what one costs.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from jupyter_client.jsonutil import parse_date
from jupyter_server.utils import ensure_async

from jupyter_memkit import protocol
from jupyter_memkit.server.family_meters import FamilyMeters
from jupyter_memkit.server.kernels import Kernels

_SHARED_S = 1.0

# The kernels in the server's own interface, each with its process if it is known.
_Found: TypeAlias = list[tuple[dict[str, Any], int | protocol.Unknown]]


class KernelLister:
    """Lists the server's kernels.

    Parameters
    ----------
    manager : jupyter_server.services.kernels.kernelmanager.MappingKernelManager
        The server's kernels.
    kernels : Kernels
        Those of them that run on this machine.
    meters : FamilyMeters
        Reads their memory.
    clock : callable
        Returns seconds that never go backwards.
    """

    def __init__(
        self,
        manager: Any,
        kernels: Kernels,
        meters: FamilyMeters,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._manager = manager
        self._kernels = kernels
        self._meters = meters
        self._clock = clock
        self._listing: asyncio.Future[str] | None = None
        self._listed_s = float("-inf")

    async def list_json(self) -> str:
        """Return a `KernelList` as JSON, not older than a second."""
        is_old = self._clock() - self._listed_s > _SHARED_S
        if self._listing is None or (self._listing.done() and is_old):
            self._listing = asyncio.ensure_future(self._list())
        # A page that is closed does not cancel the list of the others.
        return await asyncio.shield(self._listing)

    async def _list(self) -> str:
        try:
            models = await ensure_async(self._manager.list_kernels())
            # Before the thread starts, because kernels come and go meanwhile.
            found: _Found = [
                (model, self._kernels.locate(model["id"])) for model in models
            ]
            return await asyncio.to_thread(self._read, found)
        finally:
            self._listed_s = self._clock()

    def _read(self, found: _Found) -> str:
        memory = self._meters.read(
            place for _, place in found if isinstance(place, int)
        )
        kernel_list: protocol.KernelList = {
            "type": "kernel_list",
            "protocol": protocol.PROTOCOL_VERSION,
            "t_s": time.time(),
            "kernels": [
                kernel_message(model, place, memory[place])
                if isinstance(place, int)
                else kernel_message(model, None, place)
                for model, place in found
            ],
        }
        return json.dumps(kernel_list)


def kernel_message(
    model: dict[str, Any],
    pid: int | None,
    memory: protocol.FamilyMemory | protocol.Unknown,
) -> protocol.KernelMemory:
    """Build the message on one kernel.

    Parameters
    ----------
    model : dict
        The kernel in the server's own interface.
    pid : int or None
        Its process, if it is on this machine.
    memory : dict or str
        Its memory, or why that is unknown.
    """
    active = parse_date(model.get("last_activity"))
    return {
        "kernel_id": model["id"],
        "spec": model["name"],
        "state": model.get("execution_state", "unknown"),
        "active_s": active.timestamp() if isinstance(active, datetime) else None,
        "pid": pid,
        "memory": None if isinstance(memory, str) else memory,
        "unknown": memory if isinstance(memory, str) else None,
    }
