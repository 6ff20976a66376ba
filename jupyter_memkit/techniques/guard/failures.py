"""Recognizes errors with which libraries report that an allocation has failed."""

from __future__ import annotations

import errno

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
    arguments = BaseException.args.__get__(error)  # type: ignore[attr-defined] # a descriptor
    if issubclass(kind, OSError):
        return bool(arguments and type(arguments[0]) is int) and (
            arguments[0] == errno.ENOMEM
        )
    if kind.__name__ == "OutOfMemoryException":
        # DuckDB's.
        return True
    texts = [each for each in arguments if type(each) is str]
    is_general = issubclass(kind, RuntimeError)
    return is_general and any(phrase in text for phrase in _PHRASES for text in texts)
