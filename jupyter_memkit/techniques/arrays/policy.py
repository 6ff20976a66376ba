"""What shrinking may do, and its result for one column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What shrinking may do.

    Attributes
    ----------
    smallest : bool
        Whether signed integers may become unsigned, and floats float16.
    float32 : bool
        Whether floats may be rounded to float32.
    categories : bool
        Whether strings may become categories.
    sparse : bool
        Whether columns that almost entirely have one value may become sparse.
    """

    smallest: bool = False
    float32: bool = False
    categories: bool = True
    sparse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The result of shrinking a column or an array.

    Attributes
    ----------
    result : object
        The smaller one; the original object if it is kept.
    restore : callable or None
        Restores the original from the smaller one; None if that is not possible.
    note : str
        Why it is kept, or what is lost.
    """

    result: Any
    restore: Callable[[Any], Any] | None = None
    note: str = ""
