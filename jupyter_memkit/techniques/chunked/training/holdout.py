"""Chooses the chunks that are held out of the training: the same in every epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jupyter_memkit.errors import MemkitError


@dataclass(frozen=True, slots=True)
class Holdout:
    """A fraction of the chunks, spread evenly over the source.

    Parameters
    ----------
    fraction : float
        The fraction that is held out; 0 holds out nothing.

    Raises
    ------
    MemkitError
        If it is not at least 0 and less than 1.

    Examples
    --------
    >>> held = Holdout(0.25)
    >>> [number for number in range(12) if held.tests(number)]
    [3, 7, 11]
    """

    fraction: float

    def __post_init__(self) -> None:
        """Check the fraction."""
        if not 0 <= self.fraction < 1:
            message = (
                f"holdout is a fraction from 0 to 1, not {self.fraction!r}; use 0.1 to "
                "score on a tenth of the chunks"
            )
            raise MemkitError(message)

    def tests(self, number: int) -> bool:
        """Return whether the chunk with this number, from 0, is held out."""
        before = math.floor(number * self.fraction)
        return math.floor((number + 1) * self.fraction) > before

    def trains(self, number: int) -> bool:
        """Return whether the model is trained on the chunk with this number."""
        return not self.tests(number)
