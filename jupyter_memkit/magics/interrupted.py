"""Keeps our frames out of the traceback of a magic that Ctrl-C ended."""

from __future__ import annotations

from contextlib import AbstractContextManager, ContextDecorator
from types import TracebackType


class OwnFramesOnly(AbstractContextManager["OwnFramesOnly"], ContextDecorator):
    """Removes our frames from the traceback of a ``KeyboardInterrupt``.

    Frames that the user's code called are kept, and so are all other tracebacks,
    because they show where a bug is. The user's code is that of ``__main__``.
    """

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Keep the frame of the call, and the user's frames below it."""
        if not isinstance(error, KeyboardInterrupt) or traceback is None:
            return
        below = traceback.tb_next
        while below is not None and not _is_users(below):
            below = below.tb_next
        traceback.tb_next = below
        # Nor the exception that was being handled.
        error.__suppress_context__ = True


def _is_users(traceback: TracebackType) -> bool:
    return bool(traceback.tb_frame.f_globals.get("__name__") == "__main__")
