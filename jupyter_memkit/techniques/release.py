"""Returns memory to the system, and measures how much each step freed.

Each step is measured by itself, after the allocator was trimmed, so the steps add up to
what the process returned. A library's allocator may return memory at any time; what is
returned during a step that released nothing is not attributed to it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from jupyter_memkit.measure.free_heap import read_free_python_heap_bytes
from jupyter_memkit.measure.heap import trim_allocator
from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.measure.holders import BUDGET_S
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.measure.workers import find_idle_workers
from jupyter_memkit.techniques.releasing.deleting import Deleting
from jupyter_memkit.techniques.releasing.devices import DeviceMemory
from jupyter_memkit.techniques.releasing.hooks import check_hookable
from jupyter_memkit.techniques.releasing.pools import (
    Pool,
    find_host_pools,
    find_torch_pools,
)
from jupyter_memkit.techniques.releasing.records import Freed, FreeingStep
from jupyter_memkit.techniques.releasing.steps import (
    close_figures,
    collect_cycles,
    drop_lines,
    drop_outputs,
    drop_scripts,
    drop_tracebacks,
    empty_caches,
)
from jupyter_memkit.techniques.variables.forget import find_places

_OTHER = "memory that libraries or threads returned meanwhile"


def free(  # noqa: PLR0913 - each is one choice of the user's
    *names: str,
    hooks: bool = False,
    outputs: bool = False,
    figures: bool = False,
    caches: bool = False,
    scripts: bool = False,
    workers: bool = False,
    budget_s: float = BUDGET_S,
    shell: Any = None,
    progress: Callable[[int], object] | None = None,
) -> Freed:
    """Return memory to the system.

    Drops the tracebacks of failed cells and the source lines kept for them, collects
    garbage, and trims Python's, pyarrow's and torch's allocators, torch's also on
    devices and for pinned host memory. Data that may still be needed is deleted only on
    request.

    What a deleted variable's value consists of is watched as well: an optimizer, or the
    graph of a loss, keeps the parameters of a deleted model.

    Parameters
    ----------
    *names : str
        Variables to delete first, with every copy that IPython keeps of their values;
        also variables that only a script of ``%run`` has, and outputs such as
        ``Out[3]``. A figure is closed.
    hooks : bool
        Whether to remove torch's forward and backward hooks that keep the value of one
        of `names` alive. What has such a hook keeps working without it.
    outputs : bool
        Whether to delete the outputs of cells: ``Out``, ``_`` and ``_3``.
    figures : bool
        Whether to close matplotlib's open figures.
    caches : bool
        Whether to clear the caches of ``functools``, except those of the standard
        library.
    scripts : bool
        Whether to delete the variables that ``%run`` keeps of scripts and that the
        user's namespace no longer has.
    workers : bool
        Whether to end the idle worker processes of joblib.
    budget_s : float
        The time limit of a search for the holders of a value that is still alive, in
        seconds.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell; by default the running one, if any.
    progress : callable, optional
        Called with the number of objects searched so far, while it searches for the
        holders of a value that is still alive.

    Returns
    -------
    Freed
        The memory that each step freed.

    Raises
    ------
    MemkitError
        If a name is not a variable, or with `hooks`, if no value is a module or a torch
        tensor. Nothing is changed then.

    Examples
    --------
    >>> freed = free()
    >>> freed.total_bytes == sum(step.freed_bytes for step in freed.steps)
    True
    """
    shell = shell or find_shell()
    namespace = shell.user_ns if shell else vars(sys.modules["__main__"])
    places = {name: find_places(name, namespace, shell) for name in names}
    if hooks:
        values = [place[key] for found in places.values() for place, key in found]
        check_hookable(names, values)
        del values
    deleting = Deleting(places, shell, progress, cut=hooks, budget_s=budget_s)
    steps = _Steps()
    steps.add("free memory of the allocator", lambda: True)
    steps.add("reference cycles", collect_cycles)
    steps.add("tracebacks of failed cells", lambda: drop_tracebacks(shell))
    if outputs and shell is not None:
        steps.add("outputs of cells", lambda: drop_outputs(shell))
    if scripts and shell is not None:
        steps.add("variables of scripts", lambda: drop_scripts(shell))
    if figures:
        steps.add("open figures", close_figures)
    if caches:
        steps.add("caches of functions", empty_caches)
    if workers:
        steps.add("idle workers", steps.end_workers)
    if names:
        # Last, because what the other steps drop no longer holds a value.
        steps.add(f"variables: {', '.join(names)}", deleting.run)
    steps.add("lines of source files", drop_lines)
    for name, release in _find_pools():
        steps.add(name, partial(_empty, release))
    return steps.close(deleting)


class _Steps:
    """Runs the steps, and records what each freed."""

    def __init__(self) -> None:
        self._before_bytes = self._last_bytes = read_rss_bytes()
        self._steps: list[FreeingStep] = []
        self._other_bytes = 0
        self._devices = DeviceMemory()
        self._workers = 0
        self._workers_bytes = 0

    def add(self, name: str, release: Callable[[], bool]) -> None:
        """Run a step; ignores errors, which a library's allocator may raise.

        Parameters
        ----------
        name : str
            What it releases.
        release : callable
            Returns whether it released anything.
        """
        is_released = True
        with contextlib.suppress(Exception):
            is_released = release()
        trim_allocator()
        now_bytes = read_rss_bytes()
        freed_bytes = self._last_bytes - now_bytes
        self._last_bytes = now_bytes
        if not is_released:
            self._other_bytes += freed_bytes
            freed_bytes = 0
        self._steps.append(FreeingStep(name=name, freed_bytes=freed_bytes))

    def end_workers(self) -> bool:
        """End the idle workers of joblib."""
        for idle in find_idle_workers():
            n_bytes = idle.read_bytes()
            idle.end()
            self._workers += len(idle.pids)
            self._workers_bytes += n_bytes
        return self._workers > 0

    def close(self, deleting: Deleting) -> Freed:
        """Return the result."""
        other = FreeingStep(name=_OTHER, freed_bytes=self._other_bytes)
        return Freed(
            total_bytes=self._before_bytes - self._last_bytes,
            rss_bytes=self._last_bytes,
            steps=(*self._steps, other),
            devices=self._devices.close(),
            names=deleting.names,
            copies=tuple(deleting.copies),
            hooks=tuple(deleting.hooks),
            held=deleting.held,
            workers=self._workers,
            workers_bytes=self._workers_bytes,
            python_heap_free_bytes=read_free_python_heap_bytes(),
        )


def _find_pools() -> Iterator[Pool]:
    """Yield the allocators of loaded libraries, with the call that empties each."""
    yield from find_host_pools()
    yield from find_torch_pools()


def _empty(release: Callable[[], object]) -> bool:
    """Empty an allocator that does not report whether it returned anything."""
    release()
    return True
