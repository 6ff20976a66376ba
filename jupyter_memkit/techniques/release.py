"""Gives memory back to the system, and tells step by step how much it got."""

from __future__ import annotations

import contextlib
import gc
import linecache
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_memkit.measure.heap import trim_allocator
from jupyter_memkit.measure.hidden import find_caches, find_shell, read_outputs
from jupyter_memkit.measure.holders import holders
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.forget import check_names, forget, is_atom

# The tracebacks of a failed cell: in `sys`, and in the parts of a shell that print one.
_LAST_ERRORS = ("last_exc", "last_type", "last_value", "last_traceback")
_PRINTERS = ("InteractiveTB", "SyntaxTB")

# What refers to a value while it is deleted: a name of ours, and the call that counts.
_OUR_REFERENCES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeingStep(Record):
    """One thing that was let go.

    Attributes
    ----------
    name : str
        What was let go.
    freed_bytes : int
        By how much resident memory fell; below 0 where it rose meanwhile.
    """

    name: str
    freed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed(Record):
    """What freeing gave back to the system.

    Attributes
    ----------
    total_bytes : int
        Resident memory of the process before minus after.
    rss_bytes : int
        Resident memory after.
    steps : tuple of FreeingStep
        What was done, in order; their bytes add up to the total.
    names : tuple of str
        The variables that were deleted.
    copies : tuple of str
        What else had held their values, and does no longer.
    held : mapping of str to tuple of str
        For a variable whose value lives on, the chains by which it is reached.
    """

    total_bytes: int
    rss_bytes: int
    steps: tuple[FreeingStep, ...]
    names: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def free(
    *names: str,
    outputs: bool = False,
    figures: bool = False,
    caches: bool = False,
    shell: Any = None,
    progress: Callable[[int], object] | None = None,
) -> Freed:
    """Give memory back to the system.

    Lets go the tracebacks of failed cells and the lines of files that were kept for
    them, collects, and asks Python's, pyarrow's and torch's allocators for what they
    have free. What can be missed goes only on request.

    Parameters
    ----------
    *names : str
        Variables to delete first, with every copy that IPython keeps of what they hold.
    outputs : bool
        Whether to forget what cells have shown: ``Out``, ``_`` and ``_3``.
    figures : bool
        Whether to close matplotlib's open figures.
    caches : bool
        Whether to empty the caches of ``functools`` that are not the standard
        library's.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell; the running one when left out, if there is any.
    progress : callable, optional
        Called while the holders of a value that lives on are looked for, with the
        number of objects that were looked at so far.

    Returns
    -------
    Freed
        What came back, step by step.

    Raises
    ------
    MemkitError
        For a name that is no variable; nothing is done.

    Examples
    --------
    >>> freed = free()
    >>> freed.total_bytes == sum(step.freed_bytes for step in freed.steps)
    True
    """
    shell = shell or find_shell()
    namespace = shell.user_ns if shell else vars(sys.modules["__main__"])
    check_names(names, namespace)
    account = _Account()
    account.add("free memory of the allocator", lambda: None)
    account.add("what only refers to itself", gc.collect)
    account.add("tracebacks of failed cells", lambda: _drop_tracebacks(shell))
    if names:
        label = f"variables: {', '.join(names)}"
        account.add(label, lambda: account.forget(names, namespace, shell, progress))
    if outputs and shell is not None:
        account.add("outputs of cells", lambda: _drop_outputs(shell))
    if figures:
        account.add("open figures", _close_figures)
    if caches:
        account.add("caches of functions", _empty_caches)
    account.add("lines of source files", _drop_lines)
    for name, release in _find_pools():
        account.add(name, release)
    return account.close()


class _Account:
    """Does step after step, and notes what each gave back."""

    def __init__(self) -> None:
        self._before_bytes = self._last_bytes = read_rss_bytes()
        self._steps: list[FreeingStep] = []
        self._names: tuple[str, ...] = ()
        self._copies: list[str] = []
        self._held: dict[str, tuple[str, ...]] = {}

    def add(self, name: str, release: Callable[[], Any]) -> None:
        """Do a step, unless it fails: a library's allocator is not ours."""
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
        """Delete variables and their copies, and note what lives on."""
        self._names = names
        for name in names:
            # One name given twice is one variable.
            value = namespace.pop(name, None)
            self._copies += forget(value, shell)
            if sys.getrefcount(value) - _OUR_REFERENCES > 0 and not is_atom(value):
                chains = holders(value, shell=shell, progress=progress).chains
                if chains:
                    self._held[name] = tuple(chain.text for chain in chains)
            del value
        gc.collect()

    def close(self) -> Freed:
        """Return what was done."""
        return Freed(
            total_bytes=self._before_bytes - self._last_bytes,
            rss_bytes=self._last_bytes,
            steps=tuple(self._steps),
            names=self._names,
            copies=tuple(self._copies),
            held=self._held,
        )


def _drop_tracebacks(shell: Any) -> None:
    for name in _LAST_ERRORS:
        if hasattr(sys, name):
            delattr(sys, name)
    for name in _PRINTERS:
        printer: Any = getattr(shell, name, None)
        if getattr(printer, "tb", None) is not None:
            printer.tb = None
    result = getattr(shell, "last_execution_result", None)
    error = getattr(result, "error_in_exec", None)
    if error is not None:
        # What it was can still be asked; where it was keeps all that was there.
        error.__traceback__ = None
    # Frames and tracebacks refer to each other.
    gc.collect()


def _drop_outputs(shell: Any) -> None:
    for output in read_outputs(shell.user_ns).values():
        forget(output, shell)
    for name in ("_", "__", "___"):
        forget(getattr(shell.displayhook, name, ""), shell)


def _close_figures() -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


def _empty_caches() -> None:
    for holder in find_caches():
        if holder.value is not linecache.cache:
            holder.value.cache_clear()


def _drop_lines() -> None:
    # Those of cells are nowhere else, and tracebacks show them.
    for name in list(linecache.cache):
        if Path(name).is_file():
            linecache.cache.pop(name, None)


def _find_pools() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the allocators of libraries that are loaded."""
    pyarrow: Any = sys.modules.get("pyarrow")
    if hasattr(pyarrow, "default_memory_pool"):
        yield "free memory of pyarrow", pyarrow.default_memory_pool().release_unused
    cuda = sys.modules.get("torch.cuda")
    if cuda is not None and cuda.is_initialized():
        yield "free memory of torch (on the device)", cuda.empty_cache
