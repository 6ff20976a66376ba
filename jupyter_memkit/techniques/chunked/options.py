"""The user's choices for a run over chunks."""

from __future__ import annotations

import operator
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.summary import SkippedChunk


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The choices for a run; `Mapped.run` explains each.

    Attributes
    ----------
    op : str or callable, optional
        The reduction.
    out : path-like, optional
        The file to stream the values to.
    resume : path-like, optional
        The file in which the progress is saved.
    skips : bool
        Whether a chunk on which the function fails is left out, and the run continues.
    tries : int
        How often the function is called for a chunk before it counts as failed.
    only : tuple of SkippedChunk, optional
        The chunks to run over; None is all.
    workers : int
        The number of other processes to run in.
    on : str or distributed.Client, optional
        The cluster to run on.
    is_rehearsed : bool
        Whether a cell without effects is called on a few rows first.
    """

    op: str | Callable[[Any, Any], Any] | None = None
    out: str | os.PathLike[str] | None = None
    resume: str | os.PathLike[str] | None = None
    skips: bool = False
    tries: int = 1
    only: tuple[SkippedChunk, ...] | None = None
    workers: int = 0
    on: Any = None
    is_rehearsed: bool = True


def check_count(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """Return an argument that must be a whole number.

    Raises
    ------
    MemkitError
        If it is not one, is less than the least, or more than the most.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        message = f"{name} must be a whole number of at least {least}, not {value!r}"
        raise MemkitError(message)
    if most is not None and number > most:
        message = f"{name} must be at most {most:,}, not {number:,}"
        raise MemkitError(message)
    # Nothing has more items, and some functions of Python take no larger number.
    return min(number, sys.maxsize)
