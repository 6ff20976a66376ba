"""`guard`: stops a block or a function before its memory kills the process."""

from __future__ import annotations

import sys
from contextlib import ContextDecorator
from types import FrameType, TracebackType

from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.techniques.guard.mark import read_mark


class guard(ContextDecorator):  # noqa: N801 - used like a function
    """Stop the code of a block when its memory reaches a mark.

    The error is a `MemoryError`, so the process lives on with all its variables. At
    the mark an allocation fails, and a small process outside sends a signal for memory
    that this does not see, such as that of child processes. Pages of mapped files do
    not count, because the system takes them back when it needs them.

    Parameters
    ----------
    mark : str
        A size such as ``"2GB"`` for this process and its children, a share of the
        smallest limit such as ``"85%"``, or ``"auto"``, which leaves a twentieth of
        the limit free. In the last two, other processes count too where they count
        against the limit.
    action : {"stop", "warn"}
        What happens at the mark.

    Raises
    ------
    MemkitError
        If the mark cannot work on this machine, or this is not the main thread.
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
        self._frame: FrameType | None = None

    def __enter__(self) -> guard:  # noqa: PYI034 - Python 3.10 has no Self
        """Arm the guard."""
        self._mark = read_mark(self._text, self._action)
        self._guard = process_guard()
        self._guard.add(self._mark)
        self._frame = sys._getframe(1)  # noqa: SLF001 - documented
        self._region = self._guard.begin(lambda frame: frame is self._frame)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Restore everything; raise `MemoryLimitExceeded` for a failed allocation."""
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        exceeded = None if error is None else self._guard.convert(error)
        self._frame = None
        if self._region is not None:
            self._guard.end(self._region)
        self._guard.remove(self._mark)
        if exceeded is not None and exceeded is not error:
            raise exceeded from None
