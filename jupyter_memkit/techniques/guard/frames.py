"""The frames of guarded code: which may be interrupted, and which line was running."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from types import CodeType, FrameType, TracebackType

from jupyter_memkit.cells.magic_calls import restore_magic

# Modules whose code must not be interrupted while it waits for the person at the
# keyboard.
_DEBUGGERS = ("bdb", "pdb", "debugpy", "pydevd", "_pydev", "IPython.core.debugger")


def is_interruptible(
    frame: FrameType | None, contains: Callable[[FrameType], bool]
) -> bool:
    """Return whether guarded code is running, and no debugger waits in it."""
    while frame is not None:
        if contains(frame):
            return True
        name = frame.f_globals.get("__name__")
        if isinstance(name, str) and name.startswith(_DEBUGGERS):
            return False
        frame = frame.f_back
    return False


def find_line(
    error: BaseException, contains: Callable[[FrameType], bool]
) -> str | None:
    """Return the innermost line of the guarded code in a traceback."""
    line = None
    traceback = error.__traceback__
    while traceback is not None:
        if contains(traceback.tb_frame):
            file_name = traceback.tb_frame.f_code.co_filename
            line = linecache.getline(file_name, traceback.tb_lineno).strip()
        traceback = traceback.tb_next
    return restore_magic(line) if line else None


def drop_frame_of(
    code: CodeType, traceback: TracebackType | None
) -> TracebackType | None:
    """Cut a traceback at the frame of the code that raised the error."""
    last = traceback
    while last is not None and last.tb_next is not None:
        if last.tb_next.tb_frame.f_code is code:
            last.tb_next = None
            break
        last = last.tb_next
    return traceback
