"""Measures which lines took memory with tracemalloc, which every Python has.

Between two lines of the notebook, the trace function reads the current and the highest
memory. It sees memory from Python's allocators and numpy, but not memory that other
libraries take from the system themselves. The lines are those of the measuring thread;
memory that other threads take counts for the line that is running in it.
"""

from __future__ import annotations

import inspect
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.track.line_memory import (
    LineMemory,
    LinesResult,
    order_lines,
    read_source,
)

# Measured as for memray. A loop of a million calls of an empty one-line function took
# 16 seconds instead of 0.1.
COST = (
    "tracemalloc records every allocation, and every line is traced. numpy and pandas "
    "on large data are hardly slower, many small pandas calls are eight times slower, "
    "and Python loops twenty-five times slower; each line takes about 3 microseconds "
    "more, and each live object about 120 bytes."
)

# The line after one with a large allocation starts as high, and always adds a little.
_NOTABLY = 1.01

# Their frames are left and re-entered in the middle of a line.
_RESUMED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class _Line:
    """The figures of a line."""

    __slots__ = ("function", "net_bytes", "rise_bytes")

    def __init__(self, function: str) -> None:
        self.function = function
        self.net_bytes = 0
        self.rise_bytes = 0


class _Run:
    """One run of a line. Lines of functions that it calls have their own runs."""

    __slots__ = ("line", "own_bytes")

    def __init__(self, line: _Line) -> None:
        self.line = line
        self.own_bytes = 0


class LineLedger:
    """Attributes the changes between two readings to the line that ran in between.

    Parameters
    ----------
    used_bytes : int
        The memory at the start.
    """

    def __init__(self, used_bytes: int) -> None:
        self.other = _Line("")
        self.current = self.idle = _Run(self.other)
        self.peak_line = self.other
        self._marked_bytes = 0
        self.start_bytes = self.peak_bytes = self.used_bytes = used_bytes

    def settle(self, used_bytes: int, peak_bytes: int) -> None:
        """Record a reading: the memory now, and the highest since the last reading."""
        run = self.current
        line = run.line
        rise_bytes = run.own_bytes + peak_bytes - self.used_bytes
        line.rise_bytes = max(line.rise_bytes, rise_bytes)
        self.peak_bytes = max(self.peak_bytes, peak_bytes)
        if peak_bytes - self.start_bytes > _NOTABLY * self._marked_bytes:
            self._marked_bytes = peak_bytes - self.start_bytes
            self.peak_line = line
        change_bytes = used_bytes - self.used_bytes
        run.own_bytes += change_bytes
        line.net_bytes += change_bytes
        self.used_bytes = used_bytes


class TracemallocLines:
    """Measures one block with tracemalloc.

    If tracemalloc was already running, it keeps running, but its peak is reset.

    Parameters
    ----------
    is_own : callable
        Returns whether the lines of a filename are measured. It is called once per file
        while the code runs, and must not fail.
    """

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        self._is_own = is_own
        # None for files outside the notebook.
        self._lines: dict[str, dict[int, _Line] | None] = {}
        # The running frames of the notebook, the innermost last.
        self._runs: dict[FrameType, _Run] = {}
        # By identity, because code objects with equal text compare equal.
        self._outer: set[int] = set()
        self._was_tracing = True
        # Looking up a method creates an object each time, which would be measured.
        self._on_call = self._enter_frame
        self._on_event = self._follow_frame

    def start(self) -> None:
        """Start measuring.

        Raises
        ------
        MemkitError
            If a debugger or another tool traces the code.
        """
        if sys.gettrace() is not None:
            message = (
                "a debugger or a coverage tool traces this code, which allows only "
                "one tracer; stop it first, or install memray, which needs no tracing"
            )
            raise MemkitError(message)
        self._outer = set(map(id, _find_callers()))
        self._was_tracing = tracemalloc.is_tracing()
        if not self._was_tracing:
            tracemalloc.start()
        tracemalloc.reset_peak()
        self._ledger = LineLedger(tracemalloc.get_traced_memory()[0])
        sys.settrace(self._on_call)

    def stop(self) -> LinesResult:
        """Stop measuring, and return the result."""
        is_complete = sys.gettrace() is self._on_call and tracemalloc.is_tracing()
        self._settle()
        self.close()
        return self._build_result(is_complete=is_complete)

    def close(self) -> None:
        """Undo the start, even if it failed; a second call does nothing."""
        # A tool that took over the tracing meanwhile keeps it.
        if sys.gettrace() is self._on_call:
            sys.settrace(None)
        for frame in self._runs:
            frame.f_trace = None
        self._runs.clear()
        if not self._was_tracing:
            self._was_tracing = True
            tracemalloc.stop()

    def _enter_frame(self, frame: FrameType, _event: str, _: Any) -> Any:
        lines = self._find_lines(frame.f_code)
        if lines is None or id(frame.f_code) in self._outer:
            return None
        self._settle()
        # Until its first line starts, the calling line is still running.
        self._runs[frame] = self._ledger.current
        # A coroutine starts at line 0, which has no code.
        if frame.f_code.co_flags & _RESUMED and frame.f_lineno:
            self._begin_line(frame, lines)
        return self._on_event

    def _follow_frame(self, frame: FrameType, event: str, _: Any) -> Any:
        self._settle()
        if event == "line":
            lines = self._find_lines(frame.f_code)
            assert lines is not None, "only frames of the notebook are followed"
            self._begin_line(frame, lines)
        elif event == "return":
            self._runs.pop(frame, None)
            self._ledger.current = next(
                reversed(self._runs.values()), self._ledger.idle
            )
            # A generator outlives this call, and must not call us after the end.
            frame.f_trace = None
            return None
        return self._on_event

    def _find_lines(self, code: CodeType) -> dict[int, _Line] | None:
        filename = code.co_filename
        try:
            return self._lines[filename]
        except KeyError:
            lines: dict[int, _Line] | None = {} if self._is_own(filename) else None
            self._lines[filename] = lines
            return lines

    def _begin_line(self, frame: FrameType, lines: dict[int, _Line]) -> None:
        number = frame.f_lineno
        line = lines.get(number)
        if line is None:
            line = lines[number] = _Line(frame.f_code.co_name)
        # A loop or a comprehension on one line is one run of it, as in Python versions
        # in which a comprehension has no frame.
        if self._ledger.current.line is not line:
            self._ledger.current = _Run(line)
        self._runs[frame] = self._ledger.current

    def _settle(self) -> None:
        used_bytes, peak_bytes = tracemalloc.get_traced_memory()
        # Nothing can be read after code has stopped tracemalloc.
        if used_bytes:
            self._ledger.settle(used_bytes, peak_bytes)
            tracemalloc.reset_peak()

    def _build_result(self, *, is_complete: bool) -> LinesResult:
        ledger = self._ledger
        measured = [
            (figures, _build_line(filename, number, figures))
            for filename, lines in self._lines.items()
            for number, figures in (lines or {}).items()
        ]
        return LinesResult(
            engine="tracemalloc",
            lines=order_lines([line for _, line in measured]),
            other=_build_line("", 0, ledger.other),
            peak_bytes=ledger.peak_bytes - ledger.start_bytes,
            kept_bytes=ledger.used_bytes - ledger.start_bytes,
            peak_line=next(
                (line for figures, line in measured if figures is ledger.peak_line),
                None,
            ),
            complete=is_complete,
        )


def _find_callers() -> Iterator[CodeType]:
    """Yield the code that waits for the block to end and may be resumed in it."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - the only access to the callers
    while frame is not None:
        yield frame.f_code
        frame = frame.f_back


def _build_line(filename: str, number: int, figures: _Line) -> LineMemory:
    return LineMemory(
        filename=filename,
        line=number,
        function=figures.function,
        source=read_source(filename, number),
        rise_bytes=figures.rise_bytes,
        net_bytes=figures.net_bytes,
    )
