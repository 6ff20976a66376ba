"""Errors that code ends with when it is stopped, whatever a library makes of them."""

from __future__ import annotations

import errno
import math
from typing import Any

from jupyter_memkit.errors import MemoryLimitExceeded
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.error_chain import read_arguments, read_texts

# In the messages of errors of a general type.
_PHRASES = (
    "allocate memory",
    "bad_alloc",
    "can't start new thread",
    "not enough memory",
)


def is_failed_allocation(error: BaseException) -> bool:
    """Return whether an error reports that memory could not be allocated.

    Parameters
    ----------
    error : BaseException
        The error; none of its own code runs.

    Examples
    --------
    >>> is_failed_allocation(MemoryError())
    True
    >>> is_failed_allocation(OSError(errno.ENOMEM, "Cannot allocate memory"))
    True
    >>> is_failed_allocation(ValueError("not enough values to unpack"))
    False
    """
    kind = type(error)
    if issubclass(kind, MemoryError):
        return True
    if issubclass(kind, OSError):
        arguments = read_arguments(error)
        return bool(arguments and type(arguments[0]) is int) and (
            arguments[0] == errno.ENOMEM
        )
    if kind.__name__ == "OutOfMemoryException":
        # DuckDB's.
        return True
    is_general = issubclass(kind, RuntimeError)
    texts = read_texts(error)
    return is_general and any(phrase in text for phrase in _PHRASES for text in texts)


def comes_from_signal(error: BaseException) -> bool:
    """Return whether an error is what a signal raises, or what replaced it."""
    kinds = (MemoryLimitExceeded, KeyboardInterrupt)
    return issubclass(type(error), kinds) or stands_for_signal(error)


def stands_for_signal(error: BaseException) -> bool:
    """Return whether a library reports what a signal has raised as its own error.

    DuckDB quotes the error, or reports that the query was interrupted.

    Examples
    --------
    >>> stands_for_signal(RuntimeError("Query interrupted"))
    True
    >>> stands_for_signal(RuntimeError("no such table"))
    False
    """
    texts = read_texts(error)
    if any(f"{MemoryLimitExceeded.__name__}: " in text for text in texts):
        return True
    kind = type(error)
    if kind.__name__ == "InterruptException":
        # DuckDB's.
        return True
    is_general = issubclass(kind, RuntimeError)
    return is_general and any("interrupted" in text for text in texts)


def read_asked_of_numpy(error: BaseException) -> int | None:
    """Return what numpy asked for, whose error holds a shape and a dtype."""
    kind: Any = find_loaded("numpy._core._exceptions", "_ArrayMemoryError")
    kind = kind or find_loaded("numpy.core._exceptions", "_ArrayMemoryError")
    if kind is None or type(error) is not kind:
        return None
    shape, dtype = read_arguments(error)
    return int(math.prod(shape) * dtype.itemsize)
