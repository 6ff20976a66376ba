"""Checks times before they are packed, and converts numpy's own to one unit."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.arrays.leaves import Blocks


def check_folds(block: list[Any]) -> None:
    """Raise an error if a time without a zone is the second of two equal ones.

    Raises
    ------
    MemkitError
        If there is one: no dtype has its ``fold``.
    """
    for each in block:
        if getattr(each, "fold", 0) == 1 and each.tzinfo is None:
            message = (
                f"it contains {each!s} with fold=1, the second of two equal times, "
                "which numpy does not distinguish; keep the list"
            )
            raise MemkitError(message)


def check_zones(block: list[Any]) -> None:
    """Raise an error if a time has a zone.

    Raises
    ------
    MemkitError
        If there is one: no dtype has zones.
    """
    for each in block:
        if getattr(each, "tzinfo", None) is not None:
            message = (
                f"it contains {each!s}, but numpy does not support time zones; convert "
                "to UTC and remove the time zone, or keep the list"
            )
            raise MemkitError(message)


def check_range(packed: Any, block: list[Any]) -> None:
    """Raise an error if packed times differ from the original ones.

    Raises
    ------
    MemkitError
        If one differs, because numpy wraps around beyond its range.
    """
    for before, after in zip(block, packed.tolist(), strict=True):
        if before != after and after is not None:
            message = (
                f"it contains {before!s}, which is out of numpy's range in "
                "microseconds; keep the list"
            )
            raise MemkitError(message)


def put_nat(read: Blocks, dtype: Any) -> Blocks:
    """Return a reader of the same times, with NaT in place of NaN."""
    import numpy as np  # noqa: PLC0415 - as above

    nat = dtype.type("NaT", np.datetime_data(dtype)[0])

    def read_nat() -> Iterator[list[Any]]:
        for block in read():
            yield [nat if each != each else each for each in block]  # noqa: PLR0124 - NaN and NaT

    return read_nat


def unify_units(times: list[Any]) -> list[Any]:
    """Return numpy's own times in their finest unit.

    Raises
    ------
    MemkitError
        If that unit cannot hold one of them.
    """
    import numpy as np  # noqa: PLC0415 - as above

    try:
        finest = functools.reduce(np.promote_types, {each.dtype for each in times})
    except TypeError:
        # No unit holds both years and days.
        return times
    unified = []
    for time in times:
        converted = _convert(time, finest)
        if converted is None:
            coarse = f"{finest.char}8[us]"
            message = (
                f"it contains {time!s}, which is out of the range of {finest}, the "
                "unit of other values; keep the list, or round each with "
                f".astype({coarse!r})"
            )
            raise MemkitError(message)
        unified.append(converted)
    return unified


def _convert(time: Any, dtype: Any) -> Any:
    """Return a time in another unit; None if that cannot hold it."""
    import numpy as np  # noqa: PLC0415 - a feature of numpy's

    if time.dtype == dtype:
        return time
    try:
        converted = time.astype(dtype)
    except OverflowError:
        # From numpy 2.5 on; before, it becomes another time, or none.
        return None
    if np.isnat(time):
        return converted if np.isnat(converted) else None
    is_same = not np.isnat(converted) and converted.astype(time.dtype) == time
    return converted if is_same else None
