"""Which lines of a notebook allocated the memory: by memray, or else by tracemalloc.

The cell runs as it is. memray adds up allocations by their stacks; tracemalloc is read
between two lines by a trace function that follows the notebook's frames only. An
allocation counts for the innermost line of the notebook. The two tools see different
allocations, so their figures have different names.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Protocol, final

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.track import lines_memray, lines_tracemalloc
from jupyter_memkit.track.line_memory import LinesResult
from jupyter_memkit.track.lines_memray import MemrayLines, UnusableError
from jupyter_memkit.track.lines_tracemalloc import TracemallocLines
from jupyter_memkit.track.mem import mem

# Each engine exists once per process.
_open = threading.Lock()


class _Engine(Protocol):
    def start(self) -> None: ...
    def stop(self) -> LinesResult: ...
    def close(self) -> None: ...


@final
class LinesProfile:
    """Measures the lines of one block; created by `profile_lines`.

    Attributes
    ----------
    cost : str
        One sentence on the cost, to show before the block runs.
    """

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        self._is_own = is_own
        self._fallback: str | None = None
        self._result: LinesResult | None = None
        self._failure: MemkitError | None = None
        try:
            self._engine: _Engine = MemrayLines(is_own)
            self.cost = lines_memray.COST
        except UnusableError as error:
            self._fall_back(error)

    @property
    def result(self) -> LinesResult:
        """The result, after the block has ended.

        Raises
        ------
        MemkitError
            If the block has not ended, or memray's figures cannot be read.
        """
        if self._failure is not None:
            raise self._failure
        if self._result is None:
            message = "no line has been measured yet; read the result after the block"
            raise MemkitError(message)
        return self._result

    def __enter__(self) -> LinesProfile:
        """Start measuring."""
        # Ctrl-C in here leaves nothing open.
        with ExitStack() as undo:
            if not _open.acquire(blocking=False):
                message = "lines are already being measured; end that block first"
                raise MemkitError(message)
            undo.callback(_open.release)
            self._process = undo.enter_context(mem())
            undo.callback(self._close_engine)
            self._start()
            self._undo = undo.pop_all()
        return self

    def __exit__(self, error_type: object = None, *_: object) -> None:
        """Stop measuring. An error of ours is raised when the result is read."""
        result = None
        with self._undo:
            try:
                result = self._engine.stop()
            except MemkitError as error:
                self._failure = error
        if result is not None:
            process = self._process.result
            self._result = dataclasses.replace(
                result,
                resident_peak_bytes=process.peak_bytes if process.exact else None,
                fallback=self._fallback,
                error=getattr(error_type, "__name__", None),
            )

    def _close_engine(self) -> None:
        # The engine that started, which may not be the first that was tried.
        self._engine.close()

    def _start(self) -> None:
        try:
            self._engine.start()
        except UnusableError as error:
            self._fall_back(error)
            self._engine.start()

    def _fall_back(self, error: UnusableError) -> None:
        self._fallback = str(error)
        self._engine = TracemallocLines(self._is_own)
        self.cost = lines_tracemalloc.COST


def profile_lines(is_own: Callable[[str], bool]) -> LinesProfile:
    """Measure which lines of a block take memory.

    An allocation counts for the innermost line of the notebook on the stack: a line is
    charged with what pandas allocates for it, and what a function of the notebook
    allocates counts for its own lines, not for the line that called it. The block calls
    the code to measure; lines of the block itself are not measured.

    Parameters
    ----------
    is_own : callable
        Returns whether the filename of code belongs to the notebook. It is called while
        the code runs, and must not fail.

    Returns
    -------
    LinesProfile
        A context manager with `LinesProfile.cost`, a sentence to show before the block,
        and `LinesProfile.result`, available after it.

    Raises
    ------
    MemkitError
        On entering, if lines are already being measured, memray tracks the process, or,
        without memray, a debugger traces it.
    """
    return LinesProfile(is_own)
