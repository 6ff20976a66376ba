"""A part of a process's state, besides its variables."""

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
        What notes call it.
    read : callable
        Returns it as a value that can be pickled and compared; None for nothing to say.
    write : callable, optional
        Makes another process's value this process's own. It may return a list of
        the modules that have to be loaded for the rest of it.
    module : str
        The module that has it, which must be loaded before it is read or written.
    differs : callable, optional
        Compares two values of it, the one before and the one now.
    """

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], Any] | None = None
    module: str = ""
    differs: Callable[[Any, Any], bool] = operator.ne


def call_late(module: str, function: str) -> Callable[..., Any]:
    """Return what calls a function of a module that need not be loaded yet.

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
