"""Keeps our frames out of the traceback of a magic that Ctrl-C ended."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
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
    while below is not None and not _is_users(below):
        below = below.tb_next
    call.tb_next = below
    # Nor the exception that was being handled.
    error.__suppress_context__ = True


def _is_users(traceback: TracebackType) -> bool:
    return bool(traceback.tb_frame.f_globals.get("__name__") == "__main__")
