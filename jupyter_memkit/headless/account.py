"""Collects what a kernel reports after each cell of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from jupyter_memkit import protocol
from jupyter_memkit.asking import ask_snapshot, ask_variables
from jupyter_memkit.headless.records import CellRun, NotebookRun
from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.track.history import Sample

_MOST_VARIABLES = 5
_ATTEMPTS = 50
_PAUSE_S = 0.1

Progress = Callable[[int, int, CellRun | None], object]
"""Takes the number of a cell, how many there are, and its record once it has ended."""


class Account:
    """Collects what a kernel reports after each cell."""

    def __init__(self) -> None:
        self.cells: list[CellRun] = []
        self._samples: list[Sample] = []
        self._latest: protocol.Snapshot | None = None
        self._since_s = 0.0

    async def add(self, client: Any, number: int) -> CellRun | None:
        """Ask for the cell that has ended; None if the kernel has no record of it."""
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
        )
