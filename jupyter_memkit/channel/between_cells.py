"""Runs work on the kernel's main thread while no cell runs.

Work that refers to the user's objects must not overlap with a cell: a reference from
another thread makes ``array.resize()`` fail, and an object whose last reference that
thread drops is finalized there, which graphical toolkits and databases do not allow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from jupyter_memkit.track.tracker import MemoryTracker

T = TypeVar("T")

# How long to wait for the main thread, which may be in a cell or a graphical event
# loop. Other requests on the control channel wait meanwhile.
_START_S = 0.25


async def run_between_cells(
    kernel: Any, tracker: MemoryTracker, work: Callable[[], T]
) -> T | None:
    """Run a function on the main thread, unless a cell is running.

    Parameters
    ----------
    kernel : ipykernel.ipkernel.IPythonKernel
        The kernel of this process.
    tracker : MemoryTracker
        Knows whether a cell is running.
    work : callable
        The function, which should be fast: a cell that the user starts meanwhile waits
        for it.

    Returns
    -------
    object or None
        What it returned; None if a cell is running, and it was not called.
    """
    if tracker.running is not None:
        return None
    future: Future[T | None] = Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            # A cell that awaits leaves the main thread to us.
            future.set_result(None if tracker.running is not None else work())
        except BaseException as error:  # noqa: BLE001 - raised again by the waiting thread
            future.set_exception(error)

    kernel.io_loop.add_callback(run)
    waiting = asyncio.wrap_future(future)
    done, _ = await asyncio.wait({waiting}, timeout=_START_S)
    if not done and future.cancel():
        return None
    return await waiting
