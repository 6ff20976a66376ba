"""Checks the options of a pause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.records import Record
from jupyter_memkit.units import read_bytes

# The interpreter stores a threshold in 32 bits.
_HIGHEST = 2**31 - 1
_GENERATIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseOptions(Record):
    """The options of a pause.

    Attributes
    ----------
    collect : bool
        Whether a full collection runs at its end.
    max_growth_bytes : int or None
        How much the process may grow before the collector is resumed.
    freeze : bool
        Whether the live objects are frozen (`gc.freeze`) during the pause.
    thresholds : tuple of int or None
        The thresholds to raise lower ones to; None to disable the collector.
    """

    collect: bool = True
    max_growth_bytes: int | None = None
    freeze: bool = False
    thresholds: tuple[int, ...] | None = None


def read_options(
    *,
    collect: bool = True,
    max_growth: int | str | None = None,
    freeze: bool = False,
    threshold: int | Sequence[int] | None = None,
) -> PauseOptions:
    """Check the options of a pause.

    Raises
    ------
    MemkitError
        For an invalid size or threshold.

    Examples
    --------
    >>> read_options(max_growth="2GB", threshold=50_000).max_growth_bytes
    2000000000
    """
    return PauseOptions(
        collect=collect,
        max_growth_bytes=(
            None if max_growth is None else read_bytes("max_growth", max_growth)
        ),
        freeze=freeze,
        thresholds=_read_thresholds(threshold),
    )


def _read_thresholds(threshold: int | Sequence[int] | None) -> tuple[int, ...] | None:
    if threshold is None:
        return None
    numbers = tuple(threshold) if isinstance(threshold, Sequence) else (threshold,)
    fits = 1 <= len(numbers) <= _GENERATIONS and all(
        type(number) is int and 1 <= number <= _HIGHEST for number in numbers
    )
    if not fits:
        message = (
            f"the thresholds cannot be {threshold!r}; write up to three integers from "
            f"1 to {_HIGHEST}, such as 50000 or 50000,20,100"
        )
        raise MemkitError(message)
    return numbers
