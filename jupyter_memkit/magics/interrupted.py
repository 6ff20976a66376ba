"""Keeps our frames out of the traceback of a magic that Ctrl-C ended."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


def hide_own_frames(magic: Callable[..., Any]) -> Callable[..., Any]:
    """Return a magic whose ``KeyboardInterrupt`` has no frames of ours.

    Frames that the user's code called are kept, and so are all other tracebacks,
    because they show where a bug is. The user's code is that of ``__main__``.
    """

    @functools.wraps(magic)
    def run(*args: Any, **options: Any) -> Any:
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        try:
            return magic(*args, **options)
        except KeyboardInterrupt as error:
            _keep_users_frames(error)
            raise

    return run


def _keep_users_frames(error: KeyboardInterrupt) -> None:
    """Keep the frame of the call, and the user's frames below it."""
    call = error.__traceback__
    if call is None:
        return
    below = call.tb_next
    while below is not None and not _is_users(below.tb_frame):
        below = below.tb_next
    # IPython shows the last frame even if it is to be hidden, so that is the user's.
    call.tb_next = below or _repeat_users_frame(call.tb_frame)
    # Nor the exception that was being handled.
    error.__suppress_context__ = True


def _repeat_users_frame(frame: FrameType) -> TracebackType | None:
    """Return a traceback of the user's frame that made the call, if there is one."""
    caller = frame.f_back
    while caller is not None and not _is_users(caller):
        caller = caller.f_back
    if caller is None:
        return None
    return TracebackType(None, caller, caller.f_lasti, caller.f_lineno)


def _is_users(frame: FrameType) -> bool:
    return bool(frame.f_globals.get("__name__") == "__main__")
