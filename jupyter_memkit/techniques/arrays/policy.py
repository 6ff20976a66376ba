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
    float32 : bool
        Whether floats may be rounded to float32.
    categories : bool
        Whether strings may become categories.
    """

    float32: bool = False
    categories: bool = True


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
