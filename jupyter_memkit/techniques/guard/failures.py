"""The errors of a stop: those of failed allocations, and what is raised for them."""

from __future__ import annotations

import errno

from jupyter_memkit.errors import MemoryLimitExceeded
from jupyter_memkit.techniques.guard.family import read_memory
from jupyter_memkit.techniques.guard.mark import Marks
from jupyter_memkit.techniques.guard.shared import SharedPage
from jupyter_memkit.units import format_bytes

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
        arguments = _read_arguments(error)
        return bool(arguments and type(arguments[0]) is int) and (
            arguments[0] == errno.ENOMEM
        )
    if kind.__name__ == "OutOfMemoryException":
        # DuckDB's.
        return True
    is_general = issubclass(kind, RuntimeError)
    texts = _read_texts(error)
    return is_general and any(phrase in text for phrase in _PHRASES for text in texts)


def comes_from_signal(error: BaseException) -> bool:
    """Return whether an error is what a signal raises, or what stands for it."""
    kinds = (MemoryLimitExceeded, KeyboardInterrupt)
    return issubclass(type(error), kinds) or stands_for_signal(error)


def stands_for_signal(error: BaseException) -> bool:
    """Return whether a library reports what a signal has raised as its own error.

    DuckDB quotes the error, or says that the query was interrupted.

    Examples
    --------
    >>> stands_for_signal(RuntimeError("Query interrupted"))
    True
    >>> stands_for_signal(RuntimeError("no such table"))
    False
    """
    texts = _read_texts(error)
    if any(f"{MemoryLimitExceeded.__name__}: " in text for text in texts):
        return True
    is_general = issubclass(type(error), RuntimeError)
    return is_general and any("interrupted" in text for text in texts)


def _read_texts(error: BaseException) -> list[str]:
    return [each for each in _read_arguments(error) if type(each) is str]


def _read_arguments(error: BaseException) -> tuple[object, ...]:
    arguments: tuple[object, ...]
    arguments = BaseException.args.__get__(error)  # type: ignore[attr-defined] # a descriptor
    return arguments


def describe_excess(marks: Marks, page: SharedPage) -> str:
    """Return that the memory was above the mark when the watcher acted."""
    used = format_bytes(page["stopped_bytes"])
    return f"memory use of {used} is above the mark of {marks.describe(page)}"


def make_error(
    error: BaseException, marks: Marks, page: SharedPage, used_bytes: int
) -> MemoryLimitExceeded:
    """Return the error of a stop.

    Parameters
    ----------
    error : BaseException
        What was raised where the code was stopped.
    marks : Marks
        The marks in force.
    page : SharedPage
        What the watcher has read.
    used_bytes : int
        The memory in use.
    """
    if isinstance(error, MemoryLimitExceeded) and error.args:
        return error
    if comes_from_signal(error):
        return MemoryLimitExceeded(describe_excess(marks, page))
    message = (
        f"an allocation would exceed the mark of {marks.describe(page)}, with "
        f"{format_bytes(used_bytes)} in use and "
        f"{format_bytes(read_memory('self').data_bytes)} reserved"
    )
    texts = _read_texts(error)
    if texts:
        message += f": {texts[0]}"
    return MemoryLimitExceeded(message)
