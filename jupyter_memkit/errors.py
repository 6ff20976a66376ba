"""What jupyter_memkit raises when it is misused."""

from __future__ import annotations


class MemkitError(Exception):
    """A request that cannot be met; the message holds the remedy."""


class SourceError(MemkitError):
    """A data source that is missing, empty, or broken on the way.

    Raised by `jupyter_memkit.chunked`.
    """


class UnloadError(MemkitError):
    """A module that is not loaded, or that has to stay.

    Raised by `jupyter_memkit.unload`.
    """
