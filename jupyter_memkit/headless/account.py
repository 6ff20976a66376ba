"""Collects what a kernel reports after each cell of a run."""

from __future__ import annotations

import asyncio
import queue
import time
import uuid
from collections.abc import Callable
from typing import Any

from jupyter_memkit import protocol
from jupyter_memkit.asking import ask_snapshot, ask_variables
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.headless.records import CellRun, NotebookRun
from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.track.history import Sample

_MOST_VARIABLES = 5
_ATTEMPTS = 50
_PAUSE_S = 0.1
_TIMEOUT_S = 60.0

Progress = Callable[[int, int, CellRun | None], object]
"""Takes the number of a cell, how many there are, and its record once it has ended."""


class Account:
    """Collects what a kernel reports after each cell."""

    def __init__(self) -> None:
        self.cells: list[CellRun] = []
        self.unguarded: str | None = None
        self._samples: list[Sample] = []
        self._latest: protocol.Snapshot | None = None
        self._since_s = 0.0

    async def add(self, client: Any, number: int) -> CellRun | None:
        """Ask for the cell that has ended; None if the kernel has no record of it.

        Parameters
        ----------
        client : jupyter_client.AsyncKernelClient
            The client of the kernel.
        number : int
            The number of the cell.

        Raises
        ------
        MemkitError
            If the kernel no longer answers.
        """
        has_extension = await _has_extension(client)
        if has_extension is None:
            message = (
                f"the kernel did not answer within {_TIMEOUT_S:g} s after cell {number}"
            )
            raise MemkitError(message)
        if not has_extension:
            message = f"cell {number} unloaded jupyter_memkit"
            raise MemkitError(message)
        snapshot = await ask_snapshot(client, self._since_s)
        for _ in range(_ATTEMPTS):
            # A cell that was interrupted takes a moment to end.
            if snapshot["running"] is None:
                break
            await asyncio.sleep(_PAUSE_S)
            snapshot = await ask_snapshot(client, self._since_s)
        variables = await ask_variables(client)
        self._latest = snapshot
        columns = snapshot["samples"]
        self._samples += (
            Sample(t_s=t_s, rss_bytes=rss, peak_bytes=peak, children_bytes=children)
            for t_s, rss, peak, children in zip(
                columns["t_s"],
                columns["rss_bytes"],
                columns["peak_bytes"],
                columns["children_bytes"],
                strict=True,
            )
        )
        if columns["t_s"]:
            self._since_s = columns["t_s"][-1]
        if not snapshot["cells"]:
            return None
        cell = snapshot["cells"][-1]
        self._since_s = max(self._since_s, cell["started_s"] + cell["duration_s"])
        listed = [] if variables is None else variables["variables"]
        self.cells.append(
            CellRun(
                number=number,
                execution_count=cell["execution_count"],
                first_line=cell["first_line"],
                started_s=cell["started_s"],
                duration_s=cell["duration_s"],
                before_bytes=cell["before_bytes"],
                after_bytes=cell["after_bytes"],
                peak_bytes=cell["peak_bytes"],
                exact=cell["exact"],
                children_peak_bytes=cell["children_peak_bytes"],
                gpu_peak_bytes=cell["gpu_peak_bytes"],
                gc_s=cell["gc_s"],
                error=cell["error"],
                variables={
                    each["name"]: each["bytes"] for each in listed[:_MOST_VARIABLES]
                },
            )
        )
        return self.cells[-1]

    def finish(self, notebook: str, failure: str | None) -> NotebookRun:
        """Return the record of the run."""
        latest = self._latest
        present = None if latest is None else latest["present"]
        gauge = None if present is None else present["gauge"]
        highest = None if present is None else present["highest"]
        return NotebookRun(
            notebook=notebook,
            version="" if latest is None else latest["version"],
            cells=tuple(self.cells),
            samples=tuple(self._samples),
            gauge=None if gauge is None else Gauge(**gauge),
            highest_bytes=0 if highest is None else highest["bytes"],
            runner_bytes=read_rss_bytes(),
            failure=failure,
            unguarded=self.unguarded,
        )


async def _has_extension(client: Any) -> bool | None:
    """Return whether the extension is loaded; None if the kernel is silent.

    A kernel sends no reply to a request that it does not know, so a second one follows,
    which every kernel answers.
    """
    content = {
        "type": "unsubscribe",
        "client_id": uuid.uuid4().hex,
        "protocol": protocol.PROTOCOL_VERSION,
    }
    request = client.session.msg(protocol.REQUEST_TYPE, content)
    second = client.session.msg("kernel_info_request")
    for message in (request, second):
        client.control_channel.send(message)
    answers = {request["header"]["msg_id"]: True, second["header"]["msg_id"]: False}
    end_s = time.monotonic() + _TIMEOUT_S
    while True:
        left_s = max(0.0, end_s - time.monotonic())
        try:
            reply = await client.get_control_msg(timeout=left_s)
        except (TimeoutError, queue.Empty):
            return None
        answer = answers.get(reply["parent_header"].get("msg_id"))
        if answer is not None:
            return answer
