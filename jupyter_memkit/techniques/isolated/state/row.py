"""One part of a process's state other than its variables."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A part of the state.

    Attributes
    ----------
    name : str
        Its name in notes.
    read : callable
        Returns it as a value that can be pickled and compared; None if not available.
    write : callable, optional
        Applies another process's value to this process. It may return a list of the
        modules that have to be loaded before the rest can be applied.
    module : str
        The module that keeps it, which must be loaded before it is read or written.
    differs : callable, optional
        Returns whether the values before and now differ.
    """

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], Any] | None = None
    module: str = ""
    differs: Callable[[Any, Any], bool] = operator.ne


def call_late(module: str, function: str) -> Callable[..., Any]:
    """Return a function that calls one of a module that need not be loaded yet.

    Examples
    --------
    >>> import math
    >>> call_late("math", "sqrt")(16)
    4.0
    """

    def call(*args: Any) -> Any:
        value = sys.modules[module]
        for name in function.split("."):
            value = getattr(value, name)
        return value(*args)  # type: ignore[operator] # a function of the module

    return call
