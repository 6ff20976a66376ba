"""The exceptions that jupyter_memkit raises."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class MemkitError(Exception):
    """A request that cannot be fulfilled; the message contains the remedy.

    Examples
    --------
    >>> MemkitError("there is no x; use y").to_dict()
    {'error': 'MemkitError', 'message': 'there is no x; use y'}
    """

    def to_dict(self) -> dict[str, Any]:
        """Return the name of the type and the message, for `json.dumps`."""
        return _to_dict(self)


def add_note(error: BaseException, note: str) -> None:
    """Add a note to an exception, where IPython's tracebacks show it."""
    if hasattr(error, "add_note"):
        error.add_note(note)
    else:  # Python 3.10
        notes = [*getattr(error, "__notes__", ()), note]
        error.__notes__ = notes


def suggest(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return the remedy for an unknown name.

    Parameters
    ----------
    name : str
        The name that the user wrote.
    known : iterable of str
        The names that exist.
    otherwise : str
        The remedy if no name is close.
    """
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]}?" if close else otherwise


class SourceError(MemkitError):
    """A data source that is missing, empty or broken.

    Raised by `jupyter_memkit.chunked`.
    """


class UnloadError(MemkitError):
    """A module that is not loaded, or cannot be unloaded.

    Raised by `jupyter_memkit.unload`.
    """


class IsolatedError(MemkitError):
    """A process that has ended, or data that cannot be sent to it or returned from it.

    Raised by `jupyter_memkit.isolated`.
    """


class MemoryLimitExceeded(MemoryError):  # noqa: N818 - the name states what happened
    """Guarded code whose memory would exceed, or has exceeded, the mark.

    Raised in code under ``%memguard`` or `jupyter_memkit.guard`.

    Attributes
    ----------
    stop : GuardStop or None
        What filled the memory, once the guarded code has ended.
    """

    stop: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Return the error and what filled the memory, for `json.dumps`."""
        stop = {} if self.stop is None else self.stop.to_dict()
        return {**_to_dict(self), **stop}


def _to_dict(error: BaseException) -> dict[str, Any]:
    """Return the keys that all errors have."""
    return {"error": type(error).__name__, "message": str(error)}
