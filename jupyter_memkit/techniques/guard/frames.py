"""The frames of guarded code: which may be interrupted, and which line was running."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from types import CodeType, FrameType, TracebackType

from jupyter_memkit import wrapping
from jupyter_memkit.cells.magic_calls import restore_magic

# Modules whose code must not be interrupted: it waits for the person at the keyboard,
# or puts back what the guard has changed.
_SPARED = (
    *("bdb", "pdb", "debugpy", "pydevd", "_pydev", "IPython.core.debugger"),
    *("jupyter_memkit.techniques.guard.", "jupyter_memkit.magics.guarded_cells"),
    "jupyter_memkit.magics.memguard",
)


def is_interruptible(
    frame: FrameType | None, contains: Callable[[FrameType], bool]
) -> bool:
    """Return whether guarded code is running, and nothing in it is to be spared."""
    while frame is not None:
        if contains(frame):
            return True
        name = frame.f_globals.get("__name__")
        if isinstance(name, str) and name.startswith(_SPARED):
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
        frame = traceback.tb_frame
        # The wrapper of a decorated function has no line of the user's.
        if contains(frame) and frame.f_globals.get("__name__") != wrapping.__name__:
            file_name = frame.f_code.co_filename
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
