"""What shrinking may do, and what one column came to."""

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
        Whether texts may become categories.
    sparse : bool
        Whether columns that nearly all have one value may become sparse.
    """

    smallest: bool = False
    float32: bool = False
    categories: bool = True
    sparse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a column or an array comes to.

    Attributes
    ----------
    result : object
        The smaller one; the very same where it is kept.
    restore : callable or None
        Makes of the smaller one what it was; None where that cannot be told.
    note : str
        Why it is kept, or what is lost.
    """

    result: Any
    restore: Callable[[Any], Any] | None = None
    note: str = ""
