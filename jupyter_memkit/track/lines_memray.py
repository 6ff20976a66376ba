"""Measures which lines took memory with memray, which sees every allocation.

This includes memory that C, C++ and Rust libraries request from the system, on all
threads.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.temporary_folders import TemporaryFolder, remove_left
from jupyter_memkit.track.line_memory import (
    LineMemory,
    LinesResult,
    order_lines,
    read_source,
)

if TYPE_CHECKING:
    from memray import AllocationRecord

# Measured with a million dicts in a loop, numpy and pandas on 160 MB, and 3,000 calls
# on a frame of 50 rows.
COST = (
    "memray records every allocation. numpy and pandas on large data are hardly "
    "slower, many small pandas calls are five times slower, and Python loops ten times "
    "slower; each live object takes about 130 bytes more."
)

_PREFIX = "jupyter-memkit-lines-"
_ALREADY = "No more than one Tracker"

_Frame = tuple[str, str, int]
_Place = tuple[str, int]


class UnusableError(Exception):
    """Memray is missing or cannot start; the message is the reason."""


class MemrayLines:
    """Measures one block with memray.

    Parameters
    ----------
    is_own : callable
        Returns whether the lines of a filename are measured.

    Raises
    ------
    UnusableError
        If memray cannot be imported.
    """

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        try:
            import memray  # noqa: PLC0415 - imported only to measure lines
        except ImportError as error:
            missing = isinstance(error, ModuleNotFoundError) and error.name == "memray"
            reason = "is not installed" if missing else f"cannot be loaded: {error}"
            message = f"memray {reason}"
            raise UnusableError(message) from None
        self._memray = memray
        self._is_own = is_own
        self._outer: set[_Frame] = set()
        self._tracker: Any = None
        self._undo = ExitStack()

    def start(self) -> None:
        """Start measuring.

        Raises
        ------
        MemkitError
            If memray already tracks the process.
        UnusableError
            If memray cannot start.
        """
        if sys.getprofile() is not None:
            message = "memray would replace the profiler that is running"
            raise UnusableError(message)
        self._outer = self._find_outer()
        try:
            with ExitStack() as undo:
                place = Path(tempfile.gettempdir())
                remove_left(place, _PREFIX)
                folder = undo.enter_context(TemporaryFolder(place, _PREFIX))
                self._path = folder.path / "allocations"
                tracker = self._memray.Tracker(
                    destination=self._memray.FileDestination(
                        self._path, overwrite=True, compress_on_exit=False
                    ),
                    # Aggregates while running. A file of all allocations grows by
                    # gigabytes, and takes longer to read than the code takes to run.
                    file_format=self._memray.FileFormat.AGGREGATED_ALLOCATIONS,
                    # Otherwise objects are seen only when Python needs another MiB for
                    # them, on whichever line is running then, and not at all if they
                    # fit into memory that earlier cells left free.
                    trace_python_allocators=True,
                )
                undo.callback(self._leave)
                # If greenlet is loaded, memray prints a warning.
                stderr = sys.stderr
                try:
                    with contextlib.redirect_stderr(io.StringIO()):
                        self._enter(tracker)
                finally:
                    # Ctrl-C while entering the context would leave the stream
                    # redirected.
                    sys.stderr = stderr
                self._undo = undo.pop_all()
        except (OSError, RuntimeError) as error:
            if _ALREADY in str(error):
                message = (
                    "memray already tracks this process, which allows only one "
                    "tracker; stop that tracker first, or start the kernel without "
                    "memray"
                )
                raise MemkitError(message) from None
            message = f"memray cannot start: {error}"
            raise UnusableError(message) from None

    def stop(self) -> LinesResult:
        """Stop measuring, and return the result.

        Raises
        ------
        MemkitError
            If memray's file cannot be read, for example because the disk is full.
        """
        with self._undo:
            # If Ctrl-C keeps this call from beginning, the stack makes it.
            self._leave()
            try:
                return self._read()
            except (OSError, RuntimeError) as error:
                message = (
                    f"memray's figures cannot be read ({error}); free space in "
                    f"{tempfile.gettempdir()}, or set TMPDIR to another folder"
                )
                raise MemkitError(message) from None

    def _enter(self, tracker: Any) -> None:
        # Ctrl-C in the middle would leave what memray replaces in `threading`, with
        # which no tracker can start.
        with Interrupts():
            tracker.__enter__()
            self._tracker = tracker

    def _leave(self) -> None:
        """Stop the tracker, if one runs."""
        with Interrupts():  # As above.
            tracker, self._tracker = self._tracker, None
            if tracker is not None:
                tracker.__exit__(None, None, None)

    def close(self) -> None:
        """Undo the start, even if it failed; a second call does nothing."""
        self._undo.close()

    def _find_outer(self) -> set[_Frame]:
        """Return the lines of the notebook that wait for the block to end.

        All memory is allocated under them, so they carry no information.
        """
        outer = set()
        frame = sys._getframe()  # noqa: SLF001 - the only access to the callers
        while frame.f_back is not None:
            frame = frame.f_back
            if self._is_own(frame.f_code.co_filename):
                code = frame.f_code
                outer.add((code.co_name, code.co_filename, frame.f_lineno))
        return outer

    def _read(self) -> LinesResult:
        with self._memray.FileReader(self._path) as reader:
            peak = _Tally(self._is_inner)
            peak.add(reader.get_high_watermark_allocation_records(merge_threads=True))
            kept = _Tally(self._is_inner)
            kept.add(reader.get_leaked_allocation_records(merge_threads=True))
        functions = {**kept.functions, **peak.functions}

        def build(place: _Place) -> LineMemory:
            filename, line = place
            return LineMemory(
                filename=filename,
                line=line,
                function=functions.get(place, ""),
                source=read_source(filename, line),
                peak_bytes=peak.sizes[place],
                kept_bytes=kept.sizes[place],
                blocks=peak.blocks[place],
            )

        return LinesResult(
            engine="memray",
            lines=order_lines([build(place) for place in functions]),
            other=build(_NOWHERE),
            peak_bytes=peak.sizes.total(),
            kept_bytes=kept.sizes.total(),
        )

    def _is_inner(self, frame: _Frame) -> bool:
        return frame not in self._outer and self._is_own(frame[1])


_NOWHERE: _Place = ("", 0)


class _Tally:
    """Sums allocations by the innermost line of the notebook on their stacks."""

    def __init__(self, is_inner: Callable[[_Frame], bool]) -> None:
        self._is_inner = is_inner
        self.sizes: Counter[_Place] = Counter()
        self.blocks: Counter[_Place] = Counter()
        self.functions: dict[_Place, str] = {}

    def add(self, records: Iterable[AllocationRecord]) -> None:
        for record in records:
            # Without a number, memray drops frames by the depth at which it was
            # started.
            stack = record.stack_trace(max_stacks=sys.maxsize)
            frames = [frame for frame in stack if self._is_inner(frame)]
            place = frames[0][1:] if frames else _NOWHERE
            self.sizes[place] += record.size
            self.blocks[place] += record.n_allocations
            if frames:
                # A comprehension counts for the function around it, on the same line.
                names = [name for name, *where in frames if tuple(where) == place]
                self.functions.setdefault(place, names[-1])
