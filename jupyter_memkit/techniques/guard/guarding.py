"""`guard`: stops a block or a function before its memory kills the process."""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, TypeVar

from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.techniques.guard.mark import Mark, read_mark
from jupyter_memkit.techniques.guard.regions import Region
from jupyter_memkit.wrapping import wrap_calls

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Guarded:
    """Guards a block of code of this thread at its own mark.

    Parameters
    ----------
    mark : Mark
        The mark, in force for the block.
    begin : callable
        Calls `Guard.begin` for the block, and returns its region.
    """

    def __init__(self, mark: Mark, begin: Callable[[], Region | None]) -> None:
        self._mark = mark
        self._begin = begin
        self._guard = process_guard()
        self._region: Region | None = None
        self._end = contextlib.ExitStack()

    def __enter__(self) -> None:
        """Arm the guard."""
        with contextlib.ExitStack() as undo:
            self._guard.add(self._mark)
            undo.callback(self._guard.remove, self._mark)
            region = self._region = self._begin()
            if region is not None:
                undo.callback(self._guard.end, region)
            self._end = undo.pop_all()

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Restore everything; raise `MemoryLimitExceeded` for a failed allocation."""
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        exceeded = None
        with self._end:
            if error is not None:
                exceeded = self._guard.convert(error)
            elif self._region is not None and self._guard.lowest_mark is self._mark:
                # A lower mark is that of code around this one, whose end warns.
                self._guard.warn_of_left(self._region)
        if exceeded is not None and exceeded is not error:
            raise exceeded from None


class guard:  # noqa: N801 - used like a function
    """Stop the code of a block or a function when its memory reaches a mark.

    The error is a `MemoryError`, so the process keeps running with all its variables.
    At the mark an allocation fails, and a small process outside sends a signal for
    memory that this does not see, such as that of child processes. Pages of mapped
    files do not count, because the system takes them back when it needs them.

    A decorated coroutine or generator function is guarded while it runs and while it is
    suspended.

    Parameters
    ----------
    mark : str
        A size such as ``"2GB"`` for this process and its children, a share of the
        smallest limit such as ``"85%"``, or ``"auto"``, which leaves 5% of the limit
        free, but at least 256 MiB and at most 2 GiB. In the last two, other processes
        count too where they count against the limit.
    action : {"stop", "warn"}
        What happens at the mark.

    Raises
    ------
    MemkitError
        If the mark cannot work on this machine, this is not the main thread, or the
        decorated function is an asynchronous generator function.
    MemoryLimitExceeded
        In the block, at the mark.

    Examples
    --------
    >>> with guard("20GB"):  # doctest: +SKIP
    ...     frame = load_everything()
    """

    def __init__(self, mark: str = "auto", *, action: str = "stop") -> None:
        self._text = mark
        self._action = action
        self._open: list[Guarded] = []

    def __enter__(self) -> guard:  # noqa: PYI034 - Python 3.10 has no Self
        """Arm the guard."""
        frame = sys._getframe(1)  # noqa: SLF001 - documented
        block = self._guard(lambda each: each is frame)
        block.__enter__()
        self._open.append(block)
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Restore everything; raise `MemoryLimitExceeded` for a failed allocation."""
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        self._open.pop().__exit__(error_type, error, traceback)

    def __call__(self, function: _Function) -> _Function:
        """Decorate a function, each of whose calls is then guarded by itself."""
        code = getattr(inspect.unwrap(function), "__code__", None)

        def enter() -> Guarded:
            if code is not None:
                return self._guard(lambda each: each.f_code is code)
            # What is not written in Python has no frame but that of its wrapper.
            wrapper = sys._getframe(1)  # noqa: SLF001 - as above
            return self._guard(lambda each: each is wrapper)

        return wrap_calls(function, enter, "guard")

    def _guard(self, contains: Callable[[FrameType], bool]) -> Guarded:
        mark = read_mark(self._text, self._action)
        return Guarded(mark, lambda: process_guard().begin(contains))
