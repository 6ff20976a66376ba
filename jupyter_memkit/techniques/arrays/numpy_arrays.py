"""Shrinks numpy arrays: numbers, objects, strings, and views of large bases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.techniques.arrays.array_memory import is_mapped
from jupyter_memkit.techniques.arrays.exact_dtypes import (
    find_smaller,
    measure_rounding,
    read_array_blocks,
)
from jupyter_memkit.techniques.arrays.exact_values import pack_values, read_kinds
from jupyter_memkit.techniques.arrays.leaves import BLOCK
from jupyter_memkit.techniques.arrays.plain_forms import has_only_values, is_masked
from jupyter_memkit.techniques.arrays.policy import Change, Policy
from jupyter_memkit.techniques.arrays.type_names import name_one, name_plain
from jupyter_memkit.techniques.progress import Tick


def check_array(array: Any) -> None:
    """Raise an error unless an array can be replaced by a smaller one.

    Raises
    ------
    MemkitError
        If it is a mapped file or a subclass; the message contains the remedy.
    """
    import numpy as np  # noqa: PLC0415 - the array is numpy's

    # The attributes of a subclass can be its own code.
    is_plain = type(array) is np.ndarray
    if issubclass(type(array), np.memmap) or (is_plain and is_mapped(array)):
        message = (
            "it is mapped from a file and takes no memory of its own; np.array(it) "
            "reads it into memory, where it can be shrunk"
        )
        raise MemkitError(message)
    if not is_plain:
        message = f"it is {name_one(array)}{_describe_plain_form(type(array))}"
        raise MemkitError(message)


def _describe_plain_form(kind: type) -> str:
    """Return how to shrink an array of a subclass without a loss."""
    if has_only_values(kind):
        return "; shrink the result of np.asarray, which has the same values"
    if is_masked(kind):
        return (
            ", whose mask must be kept; shrink a copy of its .data, and keep its .mask"
        )
    return (
        ", which may hold more than numbers; shrink a copy of these under another "
        "name, such as values = np.array(it)"
    )


def shrink_array(array: Any, policy: Policy, tick: Tick | None = None) -> Change:
    """Find the smallest array that holds the same values.

    Parameters
    ----------
    array : numpy.ndarray
        An array of any shape; it is not changed.
    policy : Policy
        What may be done.
    tick : callable, optional
        Called with the number of values processed since the last call.

    Returns
    -------
    Change
        The change; its result is the array itself if nothing is smaller.

    Examples
    --------
    >>> import numpy as np
    >>> shrink_array(np.array([[1, 2], [3, 4]]), Policy()).result.dtype
    dtype('int8')
    """
    before_bytes = sizeof(array).bytes
    if array.dtype.hasobject and array.dtype.names is None:
        return _unbox(array, before_bytes, tick)
    dtype, note = find_dtype(array, policy, tick)
    if dtype == array.dtype and array.base is None:
        return Change(result=array, note=note)
    # A view holds its whole base, and a broadcast one is smaller than its copy.
    if array.size * dtype.itemsize >= before_bytes:
        return Change(result=array, note=note)
    if _is_base_shared(array):
        note = "a view of an array that something else holds: a copy would free nothing"
        return Change(result=array, note=note)
    before = array.dtype
    smaller = array.astype(dtype)
    smaller.flags.writeable = array.flags.writeable
    if note:
        return Change(result=smaller, note=note)
    note = "copied out of its base" if dtype == before else ""
    return Change(result=smaller, restore=partial(_restore, before), note=note)


def find_dtype(array: Any, policy: Policy, tick: Tick | None = None) -> tuple[Any, str]:
    """Return the dtype that an array shrinks to, and what is lost.

    Parameters
    ----------
    array : numpy.ndarray
        An array without objects.
    policy, tick
        As in `shrink_array`.

    Returns
    -------
    dtype : numpy.dtype
        The dtype of the array, or a smaller one.
    note : str
        The error of a lossy conversion; empty if every value is kept.
    """
    import numpy as np  # noqa: PLC0415 - the array is numpy's

    if array.dtype.names is not None:
        return _find_record(array), ""
    if array.dtype.kind in "US":
        return _find_width(array, tick), ""
    dtype = find_smaller(array, tick)
    if not policy.float32 or dtype != np.float64:
        return dtype, ""
    error, overflows = measure_rounding(array)
    if overflows:
        return dtype, "unchanged: a number is too large for float32"
    return np.dtype("f4"), f"rounded: off by at most {error:.2g}"


def _find_record(array: Any) -> Any:
    """Return a structured dtype of smaller fields."""
    import numpy as np  # noqa: PLC0415 - as above

    fields = []
    for name in array.dtype.names:
        field = array[name]
        if field.dtype.hasobject or field.dtype.names is not None:
            dtype = field.dtype
        else:
            dtype, _ = find_dtype(field, Policy())
        # A field can have a second name, its title.
        titles = array.dtype.fields[name][2:]
        names = (*titles, name) if titles else name
        fields.append((names, dtype, field.shape[array.ndim :]))
    smaller = np.dtype(fields)
    return smaller if smaller.itemsize < array.dtype.itemsize else array.dtype


def _find_width(array: Any, tick: Tick | None) -> Any:
    """Return the string dtype that is as wide as the longest string."""
    import numpy as np  # noqa: PLC0415 - as above

    width = 1
    for block in read_array_blocks(array, tick):
        if block.size:
            width = max(width, int(np.char.str_len(block).max()))
    smaller = np.dtype(f"{array.dtype.kind}{width}")
    return smaller if smaller.itemsize < array.dtype.itemsize else array.dtype


def _is_base_shared(array: Any) -> bool:
    """Return whether the base of a view has other users."""
    import numpy as np  # noqa: PLC0415 - as above

    if not issubclass(type(array.base), np.ndarray):
        return False
    alone = np.empty(2)[:1]
    return sys.getrefcount(array.base) > sys.getrefcount(alone.base)


def _unbox(array: Any, before_bytes: int, tick: Tick | None) -> Change:
    """Convert an array of objects of one type to an array of values."""
    if array.dtype.kind == "T":
        note = "unchanged: its strings take only the memory they need"
        return Change(result=array, note=note)
    kinds: dict[int, type] = {}

    def read() -> Iterator[list[Any]]:
        for start in range(0, array.size, BLOCK):
            yield list(array.flat[start : start + BLOCK])

    for block in read():
        kinds |= read_kinds(block)
    if len(kinds) != 1:
        names = ", ".join(sorted(map(name_plain, kinds.values()))[:4])
        note = f"unchanged: holds {names}" if kinds else "unchanged: it is empty"
        return Change(result=array, note=note)
    try:
        packed = pack_values(read, array.size)
    except MemkitError as error:
        # The remedy is for users who asked for an array.
        return Change(result=array, note=f"unchanged: {str(error).partition(';')[0]}")
    packed = packed.reshape(array.shape)
    whole = packed.dtype
    packed = packed.astype(find_smaller(packed, tick), copy=False)
    if sizeof(packed).bytes >= before_bytes:
        note = "unchanged: it has few distinct objects, so an array would be no smaller"
        return Change(result=array, note=note)
    packed.flags.writeable = array.flags.writeable
    (kind,) = kinds.values()
    return Change(result=packed, restore=partial(_box, whole, kind))


def _restore(dtype: Any, now: Any) -> Any:
    """Return an array in the dtype that it had."""
    before = now.astype(dtype)
    before.flags.writeable = now.flags.writeable
    return before


def _box(dtype: Any, kind: type, now: Any) -> Any:
    """Return the objects of an array, which had one type.

    Parameters
    ----------
    dtype : numpy.dtype
        The dtype that the objects were packed in.
    kind : type
        Their type.
    now : numpy.ndarray
        The smaller array.
    """
    import numpy as np  # noqa: PLC0415 - as above

    whole = now.astype(dtype, copy=False)
    if issubclass(kind, np.generic):
        before: Any = np.empty_like(whole, dtype=object)
        before.flat = list(whole.flat)
    else:
        before = whole.astype(object)
    before.flags.writeable = now.flags.writeable
    return before
