"""Returns memory to the system, and measures how much each step freed.

Each step is measured by itself, after the allocator was trimmed, so the steps add up to
what the process returned.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_memkit.measure.heap import trim_allocator
from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.measure.holders import holders
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.measure.workers import find_idle_workers
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.release_steps import (
    close_figures,
    drop_lines,
    drop_tracebacks,
    empty_caches,
    find_pools,
)
from jupyter_memkit.techniques.variables.forget import (
    find_places,
    forget_everywhere,
    forget_outputs,
    forget_scripts,
    is_atom,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeingStep(Record):
    """One step of freeing memory.

    Attributes
    ----------
    name : str
        A description of what was released.
    freed_bytes : int
        The decrease of resident memory; negative if it rose meanwhile.
    """

    name: str
    freed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed(Record):
    """The memory that was returned to the system.

    Attributes
    ----------
    total_bytes : int
        Resident memory of the process before minus after.
    rss_bytes : int
        Resident memory after.
    steps : tuple of FreeingStep
        The steps in order; their bytes add up to the total.
    names : tuple of str
        The variables that were deleted.
    copies : tuple of str
        Other holders of their values that were cleared.
    held : mapping of str to tuple of str
        For a variable whose value is still alive, the chains that lead to it.
    workers : int
        The number of idle worker processes that were ended.
    workers_bytes : int
        The memory that only they used, which is not part of the total.
    """

    total_bytes: int
    rss_bytes: int
    steps: tuple[FreeingStep, ...]
    names: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    workers: int = 0
    workers_bytes: int = 0


def free(
    *names: str,
    outputs: bool = False,
    figures: bool = False,
    caches: bool = False,
    scripts: bool = False,
    workers: bool = False,
    shell: Any = None,
    progress: Callable[[int], object] | None = None,
) -> Freed:
    """Return memory to the system.

    Drops the tracebacks of failed cells and the source lines kept for them, collects
    garbage, and trims Python's, pyarrow's and torch's allocators. Data that may still
    be needed is deleted only on request.

    Parameters
    ----------
    *names : str
        Variables to delete first, with every copy that IPython keeps of their values;
        also variables that only a script of ``%run`` has, and outputs such as
        ``Out[3]``. A figure is closed.
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
        If a name is not a variable. Nothing is changed then.

    Examples
    --------
    >>> freed = free()
    >>> freed.total_bytes == sum(step.freed_bytes for step in freed.steps)
    True
    """
    shell = shell or find_shell()
    namespace = shell.user_ns if shell else vars(sys.modules["__main__"])
    for name in names:
        find_places(name, namespace, shell)
    steps = _Steps()
    steps.add("free memory of the allocator", lambda: None)
    steps.add("reference cycles", gc.collect)
    steps.add("tracebacks of failed cells", lambda: drop_tracebacks(shell))
    if names:
        label = f"variables: {', '.join(names)}"
        steps.add(label, lambda: steps.forget(names, namespace, shell, progress))
    if outputs and shell is not None:
        steps.add("outputs of cells", lambda: _collect(forget_outputs, shell))
    if scripts and shell is not None:
        steps.add("variables of scripts", lambda: _collect(forget_scripts, shell))
    if figures:
        steps.add("open figures", close_figures)
    if caches:
        steps.add("caches of functions", empty_caches)
    if workers:
        steps.add("idle workers", steps.end_workers)
    steps.add("lines of source files", drop_lines)
    for name, release in find_pools():
        steps.add(name, release)
    return steps.close()


class _Steps:
    """Runs the steps, and records what each freed."""

    def __init__(self) -> None:
        self._before_bytes = self._last_bytes = read_rss_bytes()
        self._steps: list[FreeingStep] = []
        self._names: tuple[str, ...] = ()
        self._copies: list[str] = []
        self._held: dict[str, tuple[str, ...]] = {}
        self._workers = 0
        self._workers_bytes = 0

    def add(self, name: str, release: Callable[[], Any]) -> None:
        """Run a step; ignores errors, which a library's allocator may raise."""
        with contextlib.suppress(Exception):
            release()
        trim_allocator()
        now_bytes = read_rss_bytes()
        freed_bytes = self._last_bytes - now_bytes
        self._steps.append(FreeingStep(name=name, freed_bytes=freed_bytes))
        self._last_bytes = now_bytes

    def forget(
        self,
        names: tuple[str, ...],
        namespace: dict[str, Any],
        shell: Any,
        progress: Callable[[int], object] | None,
    ) -> None:
        """Delete variables and their copies, and record what is still alive."""
        # One name given twice is one variable.
        self._names = tuple(dict.fromkeys(names))
        watched = self._delete(namespace, shell)
        # All are deleted before one is searched for, because they can hold each other.
        gc.collect()
        while watched:
            name, find = watched.pop(0)
            if _is_held(find):
                chains = holders(find(), shell=shell, progress=progress).chains
                if chains:
                    self._held[name] = tuple(chain.text for chain in chains)
            # The watch of a list holds it until here.
            del find
        gc.collect()

    def _delete(
        self, namespace: dict[str, Any], shell: Any
    ) -> list[tuple[str, Callable[[], Any]]]:
        """Delete the variables, and return watches of their values."""
        places = {name: find_places(name, namespace, shell) for name in self._names}
        watched = []
        for name, found in places.items():
            # An earlier name may have been the same output.
            values = [place.pop(key) for place, key in found if key in place]
            watched += [(name, _watch(value)) for value in values]
            while values:
                self._copies += forget_everywhere(values.pop(), shell)
        self._copies = list(dict.fromkeys(self._copies))
        return watched

    def end_workers(self) -> None:
        """End the idle workers of joblib."""
        for idle in find_idle_workers():
            n_bytes = idle.read_bytes()
            idle.end()
            self._workers += len(idle.pids)
            self._workers_bytes += n_bytes

    def close(self) -> Freed:
        """Return the result."""
        return Freed(
            total_bytes=self._before_bytes - self._last_bytes,
            rss_bytes=self._last_bytes,
            steps=tuple(self._steps),
            names=self._names,
            copies=tuple(self._copies),
            held=self._held,
            workers=self._workers,
            workers_bytes=self._workers_bytes,
        )


def _watch(value: Any) -> Callable[[], Any]:
    """Return a callable that returns the value, and holds it only if unavoidable."""
    try:
        return weakref.ref(value)
    except TypeError:
        # Lists and dicts do not support weak references.
        return lambda: value


def _is_held(find: Callable[[], Any]) -> bool:
    """Return whether anything besides its watch may hold a value."""
    if find() is None or is_atom(find()):
        return False
    return type(find) is weakref.ref or _count(find) > _count(_watch([]))


def _count(find: Callable[[], Any]) -> int:
    return sys.getrefcount(find())


def _collect(forget: Callable[[Any], None], shell: Any) -> None:
    forget(shell)
    gc.collect()
