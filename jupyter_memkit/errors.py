"""What jupyter_memkit raises when it is misused."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MemkitError(Exception):
    """A request that cannot be met; the message holds the remedy."""


def add_note(error: BaseException, note: str) -> None:
    """Say more of an exception, where IPython's tracebacks show it."""
    if hasattr(error, "add_note"):
        error.add_note(note)
    else:  # Python 3.10
        notes = [*getattr(error, "__notes__", ()), note]
        error.__notes__ = notes


def suggest(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return the remedy for a name that is not known.

    Parameters
    ----------
    name : str
        What the user wrote.
    known : iterable of str
        What they may have meant.
    otherwise : str
        The remedy when nothing is close.
    """
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]}?" if close else otherwise


class SourceError(MemkitError):
    """A data source that is missing, empty, or broken on the way.

    Raised by `jupyter_memkit.chunked`.
    """


class UnloadError(MemkitError):
    """A module that is not loaded, or that has to stay.

    Raised by `jupyter_memkit.unload`.
    """


class IsolatedError(MemkitError):
    """A process that has ended, or data that cannot go to it or come back.

    Raised by `jupyter_memkit.isolated`.
    """
