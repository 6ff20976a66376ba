"""Finds the event loop in which cells run, without importing asyncio.

A loop keeps what waits in it, and every task and future refers to its loop.
"""

from __future__ import annotations

from typing import Any

from jupyter_memkit.measure.sizes.loaded import derives_from, find_loaded

# The loop in which IPython runs cells that await, where none is running.
_OF_IPYTHON = ("IPython.core.async_helpers", "_asyncio_event_loop")

_TASK = ("asyncio.tasks", "Task")


def find_loop() -> Any:
    """Return the running event loop, or else IPython's; None if there is neither."""
    get_running = find_loaded("asyncio.events", "_get_running_loop")
    loop = None if get_running is None else get_running()
    return find_loaded(*_OF_IPYTHON) if loop is None else loop


def is_task(value: Any) -> bool:
    """Return whether an object is a task of asyncio."""
    return derives_from(type(value), *_TASK)


def read_task_name(task: Any) -> str:
    """Return the name of a task, such as ``Task-5``."""
    name: str = find_loaded(*_TASK).get_name(task)
    return name
