"""Finds the worker processes that joblib keeps for its next call.

`joblib.Parallel` keeps its processes running, with everything that they have imported
and that their allocators hold, for five minutes or until the kernel ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded

# joblib has its own copy of loky.
_MODULES = ("joblib.externals.loky.reusable_executor", "loky.reusable_executor")


@dataclass(frozen=True, slots=True)
class IdleWorkers:
    """The workers of an idle executor.

    Attributes
    ----------
    executor : object
        loky's executor.
    pids : tuple of int
        The process ids.
    """

    executor: Any
    pids: tuple[int, ...]

    def read_bytes(self) -> int:
        """Return the memory that only these processes use.

        Processes that have ended count as 0.
        """
        return sum(map(_read_unique_bytes, self.pids))

    def end(self) -> None:
        """End them; the next parallel call starts new ones."""
        self.executor.shutdown(wait=True, kill_workers=True)


def find_idle_workers() -> Iterator[IdleWorkers]:
    """Yield the executors of joblib and loky whose workers are idle.

    Yields
    ------
    IdleWorkers
        An executor with at least one process and no task.
    """
    for module in _MODULES:
        executor = find_loaded(module, "_executor")
        kind = find_loaded(module, "_ReusablePoolExecutor")
        if kind is None or not issubclass(type(executor), kind):
            continue
        tasks = (executor._pending_work_items, executor._running_work_items)  # noqa: SLF001 - it has no public name
        pids = tuple(executor._processes)  # noqa: SLF001 - likewise
        if pids and not any(tasks):
            yield IdleWorkers(executor, pids)


def _read_unique_bytes(pid: int) -> int:
    import psutil  # noqa: PLC0415 - on request only

    try:
        unique_bytes: int = psutil.Process(pid).memory_full_info().uss
    except psutil.Error:
        return 0
    return unique_bytes
