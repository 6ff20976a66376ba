"""Packs Python values into an array whose dtype holds every one of them exactly."""

from __future__ import annotations

import datetime as dt
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.arrays.leaves import SEQUENCES
from jupyter_memkit.techniques.arrays.texts import pack_bytes, pack_texts
from jupyter_memkit.techniques.progress import Progress

Blocks = Callable[[], Iterator[list[Any]]]

# Beyond this, not every integer can be represented as a float.
_EXACT_IN_FLOAT = 2**53

_NUMBERS = (int, float, complex)

_DTYPES: dict[type, str] = {
    bool: "?",
    int: "i8",
    float: "f8",
    complex: "c16",
    dt.date: "M8[D]",
    dt.datetime: "M8[us]",
    dt.timedelta: "m8[us]",
}


class _MixedTypesError(Exception):
    """A block contains another type than the first value."""


def pack_values(
    read: Blocks, count: int, missing: Any = None, progress: Progress | None = None
) -> Any:
    """Pack values into an array of one dimension.

    Parameters
    ----------
    read : callable
        Returns a fresh iterator over the values, in blocks.
    count : int
        The number of values, at least one.
    missing : object, optional
        The replacement for ``None`` and for values that are not of the most frequent
        type; by default they are refused.
    progress : callable, optional
        Called with the number of values packed so far.

    Returns
    -------
    numpy.ndarray
        The values, each equal to the original.

    Raises
    ------
    MemkitError
        If no dtype holds all of them.

    Examples
    --------
    >>> pack_values(lambda: iter([[1, 2], [2.5]]), 3)
    array([1. , 2. , 2.5])
    """
    kind = type(next(itertools.chain.from_iterable(read())))
    try:
        return _pack(read, count, kind, progress)
    except _MixedTypesError:
        pass

    def read_plain() -> Iterator[list[Any]]:
        for block in read():
            yield [_unwrap(each) for each in block]

    kinds = Counter(map(type, itertools.chain.from_iterable(read_plain())))
    kept = _choose(kinds, missing)

    def read_kept() -> Iterator[list[Any]]:
        for block in read_plain():
            yield [each if type(each) in kept else missing for each in block]

    return _pack_mixed(read_kept, count, kept | {type(missing)}, progress)


def _pack(read: Blocks, count: int, kind: type, progress: Progress | None) -> Any:
    """Pack values that are all of one type."""
    import numpy as np  # noqa: PLC0415 - a feature of numpy's

    alike = _check_alike(read, kind)
    if kind is str:
        return pack_texts(alike, count)
    if kind is bytes:
        return pack_bytes(alike, count)
    if issubclass(kind, np.generic) and not issubclass(kind, (np.void, np.character)):
        return _pack_scalars(alike, count)
    if kind not in _DTYPES:
        if kind is type(None):
            raise _MixedTypesError
        message = (
            f"it contains {kind.__name__} objects, which no dtype can hold exactly; "
            "extract the numbers that you need from them"
        )
        raise MemkitError(message)
    try:
        return _fill(alike, count, np.dtype(_DTYPES[kind]), progress)
    except OverflowError:
        return _pack_large(alike, count, progress)


def _pack_mixed(
    read: Blocks, count: int, kinds: set[type], progress: Progress | None
) -> Any:
    """Pack values of types that one dtype can hold."""
    import numpy as np  # noqa: PLC0415 - as above

    kinds.discard(type(None))
    if len(kinds) == 1:
        (kind,) = kinds
        return _pack(read, count, kind, progress)
    if kinds <= set(_NUMBERS):
        _check_integers(read)
        dtype = "c16" if complex in kinds else "f8"
        return _fill(read, count, np.dtype(dtype), progress)
    if float in kinds:
        # Among times, NaN becomes numpy's NaT.
        dtypes = [_DTYPES.get(kind, "") for kind in kinds - {float}]
        if len(dtypes) == 1 and dtypes[0][:1] in ("M", "m"):
            nat = _put_nat(read, dtypes[0])
            return _fill(nat, count, np.dtype(dtypes[0]), progress)
    names = " and ".join(sorted(each.__name__ for each in kinds))
    message = f"no dtype can hold {names} together; give another missing value"
    raise MemkitError(message)


def _unwrap(value: Any) -> Any:
    """Return the Python value of a numpy scalar that is also a Python number."""
    import numpy as np  # noqa: PLC0415 - as above

    return value.item() if isinstance(value, (np.number, np.bool_)) else value


def _put_nat(read: Blocks, dtype: str) -> Blocks:
    import numpy as np  # noqa: PLC0415 - as above

    nat = (np.datetime64 if dtype[0] == "M" else np.timedelta64)("NaT")

    def read_nat() -> Iterator[list[Any]]:
        for block in read():
            yield [nat if each != each else each for each in block]  # noqa: PLR0124 - NaN and NaT

    return read_nat


def _check_alike(read: Blocks, kind: type) -> Blocks:
    def read_alike() -> Iterator[list[Any]]:
        for block in read():
            if operator.countOf(map(type, block), kind) != len(block):
                raise _MixedTypesError
            yield block

    return read_alike


def _fill(read: Blocks, count: int, dtype: Any, progress: Progress | None) -> Any:
    import numpy as np  # noqa: PLC0415 - as above

    packed = np.empty(count, dtype)
    done = 0
    for block in read():
        end = done + len(block)
        if dtype.kind in "biufc?":
            # Faster than an assignment, which checks the types first.
            packed[done:end] = np.fromiter(block, dtype, len(block))
        else:
            _check_zones(block)
            packed[done:end] = np.array(block, dtype)
            _check_times(packed[done:end], block)
        done = end
        if progress is not None:
            progress(done)
    return packed


def _check_zones(block: list[Any]) -> None:
    for each in block:
        if getattr(each, "tzinfo", None) is not None:
            message = (
                f"it contains {each!s}, but numpy does not support time zones; convert "
                "to UTC and remove the time zone, or keep the list"
            )
            raise MemkitError(message)


def _check_times(packed: Any, block: list[Any]) -> None:
    for before, after in zip(block, packed.tolist(), strict=True):
        if before != after and after is not None:
            message = (
                f"it contains {before!s}, which is out of numpy's range in "
                "microseconds; keep the list"
            )
            raise MemkitError(message)


def _pack_scalars(read: Blocks, count: int) -> Any:
    """Pack numpy's own scalars."""
    import numpy as np  # noqa: PLC0415 - as above

    packed = np.array(list(itertools.chain.from_iterable(read())))
    if packed.shape != (count,) or packed.dtype.hasobject:
        message = (
            "it contains scalars that no single dtype can hold; convert them first"
        )
        raise MemkitError(message)
    if packed.dtype.kind in "mM":
        _check_units(read, packed)
    return packed


def _check_units(read: Blocks, packed: Any) -> None:
    """Refuse times of several units if the finest one cannot hold all of them."""
    times = itertools.chain.from_iterable(read())
    for before, after in zip(times, packed, strict=True):
        if before.dtype != packed.dtype and not _is_same_time(before, after):
            coarse = f"{packed.dtype.char}8[us]"
            message = (
                f"it contains {before!s}, which is out of the range of {packed.dtype}, "
                "the unit of other values; keep the list, or round each with "
                f".astype({coarse!r})"
            )
            raise MemkitError(message)


def _is_same_time(before: Any, after: Any) -> bool:
    import numpy as np  # noqa: PLC0415 - a feature of numpy's

    if np.isnat(before):
        return bool(np.isnat(after))
    return bool(not np.isnat(after) and after.astype(before.dtype) == before)


def _pack_large(read: Blocks, count: int, progress: Progress | None) -> Any:
    """Pack integers some of which are too large for int64."""
    import numpy as np  # noqa: PLC0415 - as above

    least = min(min(block) for block in read())
    most = max(max(block) for block in read())
    if least < 0 or most >= 2**64:
        huge = most if most >= 2**63 else least
        message = (
            f"it contains an integer of {len(str(abs(huge)))} digits, and no dtype can "
            "hold all values exactly; keep the list, or create an array of objects "
            "with np.array(values, dtype=object)"
        )
        raise MemkitError(message)
    return _fill(read, count, np.dtype("u8"), progress)


def _check_integers(read: Blocks) -> None:
    for block in read():
        for each in block:
            if type(each) is int and abs(each) > _EXACT_IN_FLOAT:
                message = (
                    f"it contains floats and {each}, which no float can hold exactly; "
                    "convert all to floats yourself, or keep the list"
                )
                raise MemkitError(message)


def _choose(kinds: Counter[type], missing: Any) -> set[type]:
    """Return the types to keep; the others become the missing value."""
    groups: Counter[frozenset[type]] = Counter()
    for kind, count in kinds.items():
        if kind is not type(None):
            numbers = frozenset(_NUMBERS)
            groups[numbers if kind in numbers else frozenset({kind})] += count
    if missing is not None:
        return set(groups.most_common(1)[0][0]) & set(kinds) if groups else set()
    if type(None) in kinds:
        count = kinds[type(None)]
        message = (
            f"it contains None {_count_times(count)}; give its replacement with "
            "missing, such as --missing nan"
        )
        raise MemkitError(message)
    if len(groups) == 1:
        return set(kinds)
    rows = [kind.__name__ for kind in kinds if issubclass(kind, SEQUENCES)]
    if rows:
        message = (
            f"the rows are ragged: a {rows[0]} is among single values; make them alike"
        )
        raise MemkitError(message)
    names = ", ".join(
        f"{kind.__name__} ({count:,} {'value' if count == 1 else 'values'})"
        for kind, count in kinds.most_common(4)
    )
    message = (
        f"it contains values of several types: {names}; give a replacement for those "
        "that are not of the most frequent type with missing, such as --missing nan"
    )
    raise MemkitError(message)


def _count_times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
