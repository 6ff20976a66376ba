"""Packs Python values into an array whose dtype holds every one of them exactly."""

from __future__ import annotations

import datetime as dt
import itertools
import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.sizes.identity import find_identical
from jupyter_memkit.techniques.arrays.leaves import SEQUENCES, Blocks
from jupyter_memkit.techniques.arrays.texts import pack_bytes, pack_texts
from jupyter_memkit.techniques.arrays.times import (
    check_folds,
    check_range,
    check_zones,
    put_nat,
    unify_units,
)
from jupyter_memkit.techniques.arrays.type_names import name_plain
from jupyter_memkit.techniques.progress import Progress

# Beyond this, not every integer can be represented as a float.
_EXACT_IN_FLOAT = 2**53

# By address, as all types here.
_NUMBERS = frozenset(map(id, (int, float, complex)))

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

    kinds: dict[int, type] = {}
    counts: Counter[int] = Counter()
    for block in read_plain():
        kinds |= read_kinds(block)
        counts.update(map(id, map(type, block)))
    kept = _choose(kinds, counts, missing)

    def read_kept() -> Iterator[list[Any]]:
        for block in read_plain():
            yield [each if id(type(each)) in kept else missing for each in block]

    kept_kinds = {key: kinds[key] for key in kept} | read_kinds([missing])
    return _pack_mixed(read_kept, count, kept_kinds, progress)


def read_kinds(values: Iterable[Any]) -> dict[int, type]:
    """Return the types of values by address, because hashing them can run code.

    Examples
    --------
    >>> list(read_kinds([1, 2.5, 3]).values())
    [<class 'int'>, <class 'float'>]
    """
    kinds = list(map(type, values))
    return dict(zip(map(id, kinds), kinds, strict=True))


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
    dtype = find_identical(kind, _DTYPES)
    if dtype is None:
        if kind is type(None):
            raise _MixedTypesError
        message = (
            f"it contains {name_plain(kind)} objects, which no dtype can hold exactly; "
            "extract the numbers that you need from them"
        )
        raise MemkitError(message)
    try:
        return _fill(alike, count, np.dtype(dtype), progress)
    except OverflowError:
        return _pack_large(alike, count, progress)


def _pack_mixed(
    read: Blocks, count: int, kinds: dict[int, type], progress: Progress | None
) -> Any:
    """Pack values of types that one dtype can hold."""
    import numpy as np  # noqa: PLC0415 - as above

    kinds.pop(id(type(None)), None)
    if len(kinds) == 1:
        (kind,) = kinds.values()
        return _pack(read, count, kind, progress)
    if kinds.keys() <= _NUMBERS:
        _check_integers(read)
        dtype = "c16" if id(complex) in kinds else "f8"
        return _fill(read, count, np.dtype(dtype), progress)
    if id(float) in kinds:
        # Among times, NaN becomes numpy's NaT.
        others = [kind for kind in kinds.values() if kind is not float]
        dtypes = [find_identical(kind, _DTYPES) or "" for kind in others]
        if len(dtypes) == 1 and dtypes[0][:1] in ("M", "m"):
            times = np.dtype(dtypes[0])
            return _fill(put_nat(read, times), count, times, progress)
    names = " and ".join(sorted(map(name_plain, kinds.values())))
    message = f"no dtype can hold {names} together; give another missing value"
    raise MemkitError(message)


def _unwrap(value: Any) -> Any:
    """Return the Python value of a numpy scalar that is also a Python number."""
    import numpy as np  # noqa: PLC0415 - as above

    is_number = issubclass(type(value), (np.number, np.bool_))
    return np.generic.item(value) if is_number else value


def _check_alike(read: Blocks, kind: type) -> Blocks:
    def read_alike() -> Iterator[list[Any]]:
        for block in read():
            if not all(map(operator.is_, map(type, block), itertools.repeat(kind))):
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
            check_zones(block)
            check_folds(block)
            packed[done:end] = np.array(block, dtype)
            check_range(packed[done:end], block)
        done = end
        if progress is not None:
            progress(done)
    return packed


def _pack_scalars(read: Blocks, count: int) -> Any:
    """Pack numpy's own scalars."""
    import numpy as np  # noqa: PLC0415 - as above

    scalars = list(itertools.chain.from_iterable(read()))
    if issubclass(type(scalars[0]), (np.datetime64, np.timedelta64)):
        scalars = unify_units(scalars)
    packed = np.array(scalars)
    if packed.shape != (count,) or packed.dtype.hasobject:
        message = (
            "it contains scalars that no single dtype can hold; convert them first"
        )
        raise MemkitError(message)
    return packed


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


def _choose(kinds: Mapping[int, type], counts: Counter[int], missing: Any) -> set[int]:
    """Return the types to keep; the others become the missing value."""
    groups: Counter[frozenset[int]] = Counter()
    for key, count in counts.items():
        if key != id(type(None)):
            groups[_NUMBERS if key in _NUMBERS else frozenset({key})] += count
    if missing is not None:
        return set(groups.most_common(1)[0][0]) & set(kinds) if groups else set()
    if id(type(None)) in kinds:
        count = counts[id(type(None))]
        message = (
            f"it contains None {_count_times(count)}; replace it with the option "
            "missing, such as --missing nan"
        )
        raise MemkitError(message)
    if len(groups) == 1:
        return set(kinds)
    rows = [name_plain(each) for each in kinds.values() if issubclass(each, SEQUENCES)]
    if rows:
        message = (
            f"the rows are ragged: a {rows[0]} is among single values; give them all "
            "the same shape"
        )
        raise MemkitError(message)
    names = ", ".join(
        f"{name_plain(kinds[key])} ({count:,} {'value' if count == 1 else 'values'})"
        for key, count in counts.most_common(4)
    )
    message = (
        f"it contains values of several types: {names}; give a replacement for those "
        "that are not of the most frequent type with missing, such as --missing nan"
    )
    raise MemkitError(message)


def _count_times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
