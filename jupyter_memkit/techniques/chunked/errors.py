"""The exceptions that end a run over chunks early."""

from __future__ import annotations

from jupyter_memkit.errors import MemkitError


class ReduceError(MemkitError):
    """Values of chunks that the reduction cannot combine into one result."""


class ShapeError(ReduceError):
    """Arrays of chunks that have different shapes."""


class StopChunks(Exception):  # noqa: N818 - a signal such as StopIteration, no error
    """Raised by the user's code to end a run early and keep the result so far.

    The chunk that raises it is not counted, and its value is not used.

    Examples
    --------
    >>> from jupyter_memkit.techniques.chunked import chunked
    >>> def first_large(chunk):
    ...     if chunk[0] > 4:
    ...         raise StopChunks
    ...     return sum(chunk)
    >>> chunked(range(100), rows=2).map(first_large).reduce("append")
    [1, 5, 9]
    """
