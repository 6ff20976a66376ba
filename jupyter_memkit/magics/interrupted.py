"""What the user sees of a magic that Ctrl-C has ended: the own code, not the kit's."""

from __future__ import annotations

from contextlib import AbstractContextManager, ContextDecorator
from types import TracebackType


class OwnFramesOnly(AbstractContextManager["OwnFramesOnly"], ContextDecorator):
    """Takes the kit's frames out of the traceback of a ``KeyboardInterrupt``.

    What the user's code has called stays, and so do all other tracebacks: they show
    where a fault is. The user's is the code of ``__main__``.
    """

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the frame of the call, and what is the user's below it."""
        if not isinstance(error, KeyboardInterrupt) or traceback is None:
            return
        below = traceback.tb_next
        while below is not None and not _is_users(below):
            below = below.tb_next
        traceback.tb_next = below
        # Neither what the kit was handling.
        error.__suppress_context__ = True


def _is_users(traceback: TracebackType) -> bool:
    return bool(traceback.tb_frame.f_globals.get("__name__") == "__main__")
