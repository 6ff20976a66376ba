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
    *(
        "jupyter_memkit.techniques.guard.",
        "jupyter_memkit.magics.memguard.guarded_cells",
    ),
    "jupyter_memkit.magics.memguard.magic",
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
    """Return the innermost line of the guarded code that an error came through.

    Code without a file, such as that of ``exec``, has no lines.
    """
    line = ""
    traceback = error.__traceback__
    # Guarded code that still runs, if something that it has called caught the error.
    frame = None if traceback is None else traceback.tb_frame.f_back
    while frame is not None and not line:
        if contains(frame):
            line = _read_line(frame, frame.f_lineno)
        frame = frame.f_back
    while traceback is not None:
        if contains(traceback.tb_frame):
            line = _read_line(traceback.tb_frame, traceback.tb_lineno) or line
        traceback = traceback.tb_next
    return restore_magic(line) if line else None


def _read_line(frame: FrameType, number: int | None) -> str:
    # The wrapper of a decorated function has no line of the user's.
    if number is None or frame.f_globals.get("__name__") == wrapping.__name__:
        return ""
    return linecache.getline(frame.f_code.co_filename, number).strip()


def join_tracebacks(
    outer: TracebackType | None, inner: TracebackType | None
) -> TracebackType | None:
    """Return a traceback of the frames of both; neither is changed."""
    places = []
    while outer is not None:
        places.append((outer.tb_frame, outer.tb_lasti, outer.tb_lineno))
        outer = outer.tb_next
    for place in reversed(places):
        inner = TracebackType(inner, *place)
    return inner


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
