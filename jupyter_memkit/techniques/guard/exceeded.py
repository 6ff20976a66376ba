"""The error that is raised in code that was stopped."""

from __future__ import annotations

from jupyter_memkit.errors import MemoryLimitExceeded
from jupyter_memkit.techniques.error_chain import read_texts
from jupyter_memkit.techniques.guard.failures import (
    comes_from_signal,
    read_asked_of_numpy,
)
from jupyter_memkit.techniques.guard.mark import Mark
from jupyter_memkit.techniques.guard.shared import SharedPage
from jupyter_memkit.units import format_bytes


def describe_excess(mark: Mark, page: SharedPage, used_bytes: int) -> str:
    """Return that the memory was above a mark."""
    used = format_bytes(used_bytes)
    return f"memory use of {used} is above the mark of {mark.describe(page)}"


def make_error(
    error: BaseException,
    mark: Mark,
    page: SharedPage,
    used_bytes: int,
    reserved_bytes: int,
) -> MemoryLimitExceeded:
    """Return the error of a stop.

    Parameters
    ----------
    error : BaseException
        What was raised where the code was stopped.
    mark : Mark
        The lowest mark that stops.
    page : SharedPage
        What the watcher has read.
    used_bytes, reserved_bytes : int
        The most memory that was in use, and that was reserved.
    """
    if isinstance(error, MemoryLimitExceeded) and error.args:
        return error
    if comes_from_signal(error):
        return MemoryLimitExceeded(describe_excess(mark, page, page["stopped_bytes"]))
    asked_bytes = read_asked_of_numpy(error)
    asked = "" if asked_bytes is None else f" of {format_bytes(asked_bytes)}"
    message = (
        f"an allocation{asked} would exceed the mark of {mark.describe(page)}, with up "
        f"to {format_bytes(used_bytes)} in use and "
        f"{format_bytes(reserved_bytes)} reserved"
    )
    texts = read_texts(error)
    if texts:
        message += f": {texts[0]}"
    return MemoryLimitExceeded(message)
