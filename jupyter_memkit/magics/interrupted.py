"""What the user sees of a magic that Ctrl-C has ended: the own code, not the kit's."""

from __future__ import annotations

from contextlib import AbstractContextManager, ContextDecorator
from types import TracebackType
from typing import Any


class OwnFramesOnly(AbstractContextManager["OwnFramesOnly"], ContextDecorator):
    """Takes the kit's frames out of the traceback of a ``KeyboardInterrupt``.

    What the user's code has called stays, and so do all other tracebacks: they show
    where a fault is.

    Parameters
    ----------
    namespace : dict
        The namespace of the user's cells, by which their frames are known.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

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
        while below is not None and below.tb_frame.f_globals is not self._namespace:
            below = below.tb_next
        traceback.tb_next = below
        # Neither what the kit was handling.
        error.__suppress_context__ = True
